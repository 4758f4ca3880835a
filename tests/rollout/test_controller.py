"""The walk on a fake router: invariants first, then each way it can end."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.errors import (
    BusyError,
    RefusedError,
    RolloutError,
    RouterError,
    StoodDownError,
    StoppedError,
    UnhealthyError,
)
from rollout.lease import LEASE
from rollout.mark import Mark, Owner
from rollout.routers.interface import Live
from rollout.strategy import Freeze
from tests.rollout.conftest import HEALTH_ALONE, V1, V2, Bench
from tests.rollout.test_shares import all_shares


def test_a_healthy_newcomer_gets_the_traffic_in_one_move(bench):
    bench.router.start(V1)
    bench.router.healthy.add("v2")
    bench.walk(V1, V2)
    assert bench.router.writes == [V2]
    assert bench.router.live.mark is None


def test_nothing_moves_before_every_target_is_healthy(bench):
    bench.router.start(V1)
    moved_at_30 = []
    bench.clock.at(30, lambda: (moved_at_30.extend(bench.router.writes), bench.router.healthy.add("v2")))
    bench.walk(V1, V2)
    assert moved_at_30 == []
    assert bench.router.writes == [V2]


def test_a_newcomer_that_never_gets_healthy_is_refused_with_the_numbers(bench):
    bench.router.start(V1)
    with pytest.raises(
        UnhealthyError, match=r"v2: 0 of 2 healthy \(2 Target.FailedHealthChecks\) after 60 s.*v1 100 stays"
    ):
        bench.walk(V1, V2)
    assert bench.router.writes == []
    assert (bench.router.live.shares, bench.router.live.mark) == (V1, None)


def test_the_first_run_waits_for_health_and_moves_nothing(bench):
    bench.clock.at(10, lambda: bench.router.healthy.add("v1"))
    bench.walk(None, V1)
    assert bench.router.writes == []


def test_a_first_run_that_never_gets_healthy_says_that_nothing_is_split_yet(bench):
    with pytest.raises(UnhealthyError, match="No traffic is split yet"):
        bench.walk(None, V1)


def test_live_as_planned_writes_nothing(bench):
    bench.router.start(V2)
    bench.walk(V1, V2)
    assert (bench.router.writes, bench.router.marks) == ([], [])


def test_a_dead_walks_mark_is_taken_away(bench):
    bench.router.start(V2, Mark("ab12cd34", V1, V2, Owner("ann", "elsewhere", 1, 1), 0))
    bench.walk(V1, V2)
    assert (bench.router.writes, bench.router.live.mark) == ([], None)


def tidied(bench: Bench) -> Bench:
    bench.controller().tidy(bench.order(V2, V2))
    return bench


def test_to_tidy_is_to_take_away_a_dead_walks_mark_and_protection(bench):
    bench.router.start(V2, Mark("ab12cd34", V1, V2, Owner("ann", "elsewhere", 1, 1), 0))
    assert tidied(bench).fleets.calls == [("let go", "v1", "v2", "v3")]
    assert (bench.router.writes, bench.router.live) == ([], Live(V2, None))
    assert bench.lines == ["took a dead walk's mark away; the weights were right already"]


@pytest.mark.parametrize(("shares", "until"), [(V1, 0), (V2, 9_000_000_000)], ids=["weights-to-move", "a-live-owner"])
def test_to_tidy_leaves_whatever_else_is_found(bench, shares, until):
    found = Mark("ab12cd34", V1, V2, Owner("ann", "elsewhere", 1, 1), until)
    bench.router.start(shares, found)
    assert tidied(bench).router.live == Live(shares, found)
    assert (bench.router.writes, bench.fleets.calls, bench.lines) == ([], [], [])


def test_to_tidy_ends_nothing_when_it_cannot_look(bench):
    bench.router.start(V2)
    bench.router.broken.add("read")
    assert tidied(bench).lines == [
        "what a dead walk may have left could not be taken away: read: refused; the next `pulumi up` does it"
    ]


def test_a_second_writer_is_refused_by_name_and_touches_nothing(bench):
    mark = Mark("ab12cd34", V1, V2, Owner("ann", "elsewhere", 7, 1), int(bench.clock.now()) + 30)
    bench.router.start(V1, mark)
    with pytest.raises(BusyError, match=r"ann@elsewhere \(pid 7\)"):
        bench.walk(V1, V2)
    assert (bench.router.writes, bench.router.live.mark) == ([], mark)


def test_an_operators_stop_while_waiting_ends_within_seconds_with_the_former_weights(bench):
    bench.router.start(V1)
    began = bench.clock.now()
    bench.clock.at(20, bench.stop.set)
    with pytest.raises(StoppedError, match=r"stopped by the operator.*v1 100 stays live"):
        bench.walk(V1, V2)
    assert bench.clock.now() - began < 22
    assert (bench.router.live.shares, bench.router.live.mark) == (V1, None)


def test_a_stop_written_into_the_mark_ends_the_walk(bench):
    bench.router.start(V1)
    bench.clock.at(5, lambda: bench.router.set_mark(Mark(**{**vars(bench.router.live.mark), "stop": True})))
    with pytest.raises(StoppedError):
        bench.walk(V1, V2)
    assert (bench.router.live.shares, bench.router.live.mark) == (V1, None)


def test_weights_changed_by_someone_else_during_the_walk_are_left_as_found(bench):
    bench.router.start(V1)
    bench.clock.at(5, lambda: bench.router.set_shares({"v1": 700, "v3": 300}))
    with pytest.raises(StoodDownError, match="found v1 70 · v3 30"):
        bench.walk(V1, V2)
    assert bench.router.live.shares == {"v1": 700, "v3": 300}


def test_a_mark_taken_over_during_the_walk_is_left_as_found(bench):
    bench.router.start(V1)
    theirs = Mark("deadbeef", V1, V2, Owner("bob", "elsewhere", 1, 1), 0)
    bench.clock.at(5, lambda: bench.router.set_mark(theirs))
    with pytest.raises(StoodDownError):
        bench.walk(V1, V2)
    assert (bench.router.live.shares, bench.router.live.mark) == (V1, theirs)


def test_a_move_the_router_does_not_show_is_put_back(bench):
    bench.router.start(V1)
    bench.router.healthy.add("v2")
    took = bench.router.set_shares
    bench.router.set_shares = lambda shares: took({"v1": 100, "v2": 900} if shares == V2 else shares)
    with pytest.raises(RouterError, match=r"did not show v2 100.*Restored v1 100"):
        bench.walk(V1, V2)
    assert (bench.router.live.shares, bench.router.live.mark) == (V1, None)


def test_a_restore_tries_again_until_the_router_answers(bench):
    bench.router.start(V1)
    bench.clock.at(5, lambda: bench.router.broken.update({"health", "read"}))
    bench.clock.at(7, lambda: bench.router.broken.discard("read"))
    with pytest.raises(RouterError, match="v1 100 stays live"):
        bench.walk(V1, V2)
    assert (bench.router.live.shares, bench.router.live.mark) == (V1, None)


def test_a_restore_that_cannot_be_done_says_so_and_leaves_the_mark(bench):
    bench.router.start(V1)
    bench.clock.at(5, lambda: bench.router.broken.update({"health", "read", "set_shares"}))
    with pytest.raises(RolloutError, match=r"RESTORE FAILED.*former traffic is v1 100"):
        bench.walk(V1, V2)
    assert bench.router.live.mark is not None


def test_the_mark_is_renewed_before_its_lease_ends(bench):
    bench.router.start(V1)
    alive = []
    bench.clock.at(LEASE * 2, lambda: alive.append(bench.router.live.mark.until > bench.clock.now()))
    bench.clock.at(LEASE * 2 + 1, lambda: bench.router.healthy.add("v2"))
    bench.walk(V1, V2, replace(HEALTH_ALONE, ready=LEASE * 3))
    assert alive == [True]


def test_progress_is_not_a_line_a_second(bench):
    bench.router.start(V1)
    with pytest.raises(UnhealthyError):
        bench.walk(V1, V2, replace(HEALTH_ALONE, ready=300))
    assert 3 < len(bench.lines) < 30


def test_a_preview_tells_the_plan_and_touches_nothing(bench):
    bench.router.start(V1)
    bench.fleets.sizes = {"v1": 2}
    assert bench.preview(V1, V2) == [
        "plan: v1 100 → v2 100 in one move, once v2 is healthy (within 60 s)",
        "  gates: health alone; errors and slow answers are not seen",
        "  instances at the most: 4 (v1 2 · v2 2)",
        "  on any failure back to v1 100",
    ]
    assert (bench.router.writes, bench.router.marks, bench.lines, bench.fleets.calls) == ([], [], [], [])


def test_nobody_served_is_not_walked_to_by_mistake(bench):
    bench.router.start(V1)
    with pytest.raises(RefusedError, match="ops down"):
        bench.walk(V1, {})
    assert bench.router.live.shares == V1


def test_taking_everything_down_is_one_write(bench):
    bench.router.start(V1)
    bench.walk(V1, {}, down=True)
    assert (bench.router.writes, bench.router.live.mark) == ([{}], None)


def test_after_everything_was_down_the_first_slice_is_healthy_before_it_serves(bench):
    bench.router.start({})
    bench.clock.at(10, lambda: bench.router.healthy.add("v1"))
    bench.walk({}, V1)
    assert (bench.router.writes, bench.router.live.mark) == ([V1], None)


class TestFreeze:
    """2027-01-15 08:00 UTC is when the fake clock begins."""

    frozen = replace(
        HEALTH_ALONE, freeze=(Freeze(datetime(2027, 1, 15, tzinfo=UTC), datetime(2027, 1, 16, tzinfo=UTC), "sale"),)
    )

    def test_a_newcomer_does_not_gain_in_it(self, bench):
        bench.router.start(V1)
        with pytest.raises(RefusedError, match=r"until 2027-01-16 00:00 UTC \(sale\), and v2 would"):
            bench.walk(V1, V2, self.frozen)
        assert bench.router.marks == []

    def test_going_back_is_allowed(self, bench):
        bench.router.start(V2)
        bench.router.live = replace(bench.router.live, carried=frozenset({"v1"}))
        bench.router.healthy.add("v1")
        bench.walk(V2, V1, self.frozen)
        assert bench.router.live.shares == V1

    def test_undoing_a_walk_that_was_cut_short_is_allowed(self, bench):
        bench.router.start({"v1": 500, "v2": 500}, Mark("ab12cd34", V1, V2, Owner("ann", "elsewhere", 1, 1), 0))
        bench.walk(V1, V1, self.frozen)
        assert bench.router.live.shares == V1


@given(all_shares(), all_shares(), st.sets(st.sampled_from(["v1", "v2", "v3", "v4", "v5"])), st.integers(0, 90))
def test_whatever_happens_live_ends_at_an_end_and_only_healthy_slices_gain(start, goal, healthy, stopped_at):
    bench = Bench()
    bench.router.start(start)
    bench.router.healthy = set(healthy)
    bench.clock.at(stopped_at, bench.stop.set)
    steps = replace(HEALTH_ALONE, steps=(10, 250, 500), bake=7)
    try:
        bench.walk(start, goal, steps, declared=frozenset({*start, *goal}))
        expected = goal
    except RolloutError:
        expected = start
    assert bench.router.live
    assert (bench.router.live.shares, bench.router.live.mark) == (expected, None)
    before = start
    for shares in bench.router.writes:
        assert all(version in healthy for version, share in shares.items() if share > start.get(version, 0))
        before = shares
    assert before == expected or bench.router.writes == []
