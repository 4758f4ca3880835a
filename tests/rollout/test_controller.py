"""The walk on a fake router: invariants first, then each way it can end."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.controller import LEASE, Controller, Order
from rollout.errors import BusyError, RolloutError, RouterError, StoodDownError, StoppedError, UnhealthyError
from rollout.mark import Mark, Owner
from rollout.routers.interface import Live
from tests.conftest import FakeClock, FakeRouter
from tests.rollout.test_shares import all_shares

V1, V2 = {"v1": 1000}, {"v2": 1000}


@pytest.fixture
def stop():
    return threading.Event()


@pytest.fixture
def lines():
    return []


@pytest.fixture
def walk(router, clock, stop, lines):
    def run(recorded, planned, ready=60):
        declared = frozenset({"v1", "v2", "v3"})
        controller = Controller(router=router, clock=clock, stop=stop, say=lines.append)
        controller.run(Order(recorded=recorded, planned=planned, declared=declared, ready=ready))

    return run


def test_a_healthy_newcomer_gets_the_traffic_in_one_move(walk, router):
    router.start(V1)
    router.healthy.add("v2")
    walk(V1, V2)
    assert router.writes == [V2]
    assert router.live.mark is None


def test_nothing_moves_before_every_target_is_healthy(walk, router, clock):
    router.start(V1)
    moved_at_30 = []
    clock.at(30, lambda: (moved_at_30.extend(router.writes), router.healthy.add("v2")))
    walk(V1, V2)
    assert moved_at_30 == []
    assert router.writes == [V2]


def test_a_newcomer_that_never_gets_healthy_is_refused_with_the_numbers(walk, router):
    router.start(V1)
    with pytest.raises(
        UnhealthyError, match=r"v2: 0 of 2 healthy \(2 Target.FailedHealthChecks\) after 60 s.*v1 100 stays"
    ):
        walk(V1, V2)
    assert router.writes == []
    assert (router.live.shares, router.live.mark) == (V1, None)


def test_the_first_run_waits_for_health_and_moves_nothing(walk, router, clock):
    clock.at(10, lambda: router.healthy.add("v1"))
    walk(None, V1)
    assert router.writes == []


def test_a_first_run_that_never_gets_healthy_says_that_nothing_is_split_yet(walk):
    with pytest.raises(UnhealthyError, match="No traffic is split yet"):
        walk(None, V1)


def test_live_as_planned_writes_nothing(walk, router):
    router.start(V2)
    walk(V1, V2)
    assert (router.writes, router.marks) == ([], [])


def test_a_dead_walks_mark_is_taken_away(walk, router):
    router.start(V2, Mark("ab12cd34", V1, V2, Owner("ann", "elsewhere", 1, 1), 0))
    walk(V1, V2)
    assert (router.writes, router.live.mark) == ([], None)


def test_a_second_writer_is_refused_by_name_and_touches_nothing(walk, router, clock):
    mark = Mark("ab12cd34", V1, V2, Owner("ann", "elsewhere", 7, 1), int(clock.now()) + 30)
    router.start(V1, mark)
    with pytest.raises(BusyError, match=r"ann@elsewhere \(pid 7\)"):
        walk(V1, V2)
    assert (router.writes, router.live.mark) == ([], mark)


def test_an_operators_stop_while_waiting_ends_within_seconds_with_the_former_weights(walk, router, clock, stop):
    router.start(V1)
    began = clock.now()
    clock.at(20, stop.set)
    with pytest.raises(StoppedError, match=r"stopped by the operator.*v1 100 stays live"):
        walk(V1, V2)
    assert clock.now() - began < 22
    assert (router.live.shares, router.live.mark) == (V1, None)


def test_a_stop_written_into_the_mark_ends_the_walk(walk, router, clock):
    router.start(V1)
    clock.at(5, lambda: router.set_mark(Mark(**{**vars(router.live.mark), "stop": True})))
    with pytest.raises(StoppedError):
        walk(V1, V2)
    assert (router.live.shares, router.live.mark) == (V1, None)


def test_weights_changed_by_someone_else_during_the_walk_are_left_as_found(walk, router, clock):
    router.start(V1)
    clock.at(5, lambda: router.set_shares({"v1": 700, "v3": 300}))
    with pytest.raises(StoodDownError, match="found v1 70 · v3 30"):
        walk(V1, V2)
    assert router.live.shares == {"v1": 700, "v3": 300}


def test_a_mark_taken_over_during_the_walk_is_left_as_found(walk, router, clock):
    router.start(V1)
    theirs = Mark("deadbeef", V1, V2, Owner("bob", "elsewhere", 1, 1), 0)
    clock.at(5, lambda: router.set_mark(theirs))
    with pytest.raises(StoodDownError):
        walk(V1, V2)
    assert (router.live.shares, router.live.mark) == (V1, theirs)


def test_a_move_the_router_does_not_show_is_put_back(walk, router, clock):
    router.start(V1)
    router.healthy.add("v2")
    took = router.set_shares
    router.set_shares = lambda shares: took({"v1": 100, "v2": 900} if shares == V2 else shares)
    with pytest.raises(RouterError, match=r"did not show v2 100.*Restored v1 100"):
        walk(V1, V2)
    assert (router.live.shares, router.live.mark) == (V1, None)


def test_a_restore_tries_again_until_the_router_answers(walk, router, clock):
    router.start(V1)
    clock.at(5, lambda: router.broken.update({"health", "read"}))
    clock.at(7, lambda: router.broken.discard("read"))
    with pytest.raises(RouterError, match="v1 100 stays live"):
        walk(V1, V2)
    assert (router.live.shares, router.live.mark) == (V1, None)


def test_a_restore_that_cannot_be_done_says_so_and_leaves_the_mark(walk, router, clock):
    router.start(V1)
    clock.at(5, lambda: router.broken.update({"health", "read", "set_shares"}))
    with pytest.raises(RolloutError, match=r"RESTORE FAILED.*former traffic is v1 100"):
        walk(V1, V2)
    assert router.live.mark is not None


def test_the_mark_is_renewed_before_its_lease_ends(walk, router, clock):
    router.start(V1)
    alive = []
    clock.at(LEASE * 2, lambda: alive.append(router.live.mark.until > clock.now()))
    clock.at(LEASE * 2 + 1, lambda: router.healthy.add("v2"))
    walk(V1, V2, ready=LEASE * 3)
    assert alive == [True]


def test_progress_is_not_a_line_a_second(walk, router, lines):
    router.start(V1)
    with pytest.raises(UnhealthyError):
        walk(V1, V2, ready=300)
    assert 3 < len(lines) < 30


def test_a_preview_tells_the_plan_and_touches_nothing(router, clock, stop, lines):
    router.start(V1)
    controller = Controller(router=router, clock=clock, stop=stop, say=lines.append)
    order = Order(recorded=V1, planned=V2, declared=frozenset({"v1", "v2"}), ready=60)
    assert controller.preview(order) == (
        "plan: v1 100 → v2 100, once v2 is healthy (within 60 s); on any failure back to v1 100"
    )
    assert (router.writes, router.marks, lines) == ([], [], [])


@given(all_shares(), all_shares(), st.sets(st.sampled_from(["v1", "v2", "v3", "v4", "v5"])), st.integers(0, 90))
def test_whatever_happens_live_ends_at_an_end_and_only_healthy_slices_gain(start, goal, healthy, stopped_at):
    router, clock, stop = FakeRouter(), FakeClock(), threading.Event()
    router.start(start)
    router.healthy = set(healthy)
    clock.at(stopped_at, stop.set)
    controller = Controller(router=router, clock=clock, stop=stop, say=lambda _: None)
    try:
        controller.run(Order(recorded=start, planned=goal, declared=frozenset({*start, *goal}), ready=60))
        expected = goal
    except RolloutError:
        expected = start
    assert router.live == Live(expected, None)
    for shares in router.writes:
        assert all(version in healthy for version, share in shares.items() if share > start.get(version, 0))
