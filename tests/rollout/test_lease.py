"""The lease: whose walk it is, and until when."""

import threading
from dataclasses import replace

import pytest

from rollout.errors import RouterError, StoodDownError, StoppedError
from rollout.lease import AGREE, LEASE, Lease, agreed
from rollout.mark import Mark, is_alive, me

V1, V2 = {"v1": 1000}, {"v2": 1000}


@pytest.fixture
def stop():
    return threading.Event()


@pytest.fixture
def lease(router, clock, stop):
    router.start(V1)
    mine = Mark("ab12cd34", V1, V2, me(), int(clock.now()) + LEASE)
    taken = Lease(router, clock, stop, mine=mine, held=V1, carried=["v1"])
    taken.take()
    return taken


def test_taking_it_writes_the_mark_and_what_has_carried_everything(lease, router):
    assert (router.live.mark, router.live.carried) == (lease.mine, frozenset({"v1"}))


def test_it_is_renewed_before_it_runs_out(lease, router, clock):
    for _ in range(2 * LEASE):
        clock.sleep(1)
        lease.check()
    assert router.live.mark.until > clock.now()
    assert len(router.marks) < 8


def test_a_stop_beside_a_renewed_mark_is_seen(lease, router, clock):
    clock.sleep(LEASE / 2 + 1)
    router.ask_stop()
    with pytest.raises(StoppedError, match=r"stopped by bob@elsewhere \(`ops stop`\)"):
        lease.check()


def test_a_signal_is_seen(lease, stop):
    stop.set()
    with pytest.raises(StoppedError):
        lease.check()


def test_another_walks_mark_ends_this_one(lease, router):
    router.live = replace(router.live, mark=replace(lease.mine, run="deadbeef"))
    with pytest.raises(StoodDownError, match="Left as found"):
        lease.check()


def test_a_move_is_held_from_then_on(lease, router):
    lease.move({"v1": 500, "v2": 500})
    lease.check()
    router.set_shares(V1)
    with pytest.raises(StoodDownError, match=r"expected v1 50 · v2 50 .* found v1 100"):
        lease.check()


def test_what_the_router_does_not_show_in_time_is_an_error(lease, router, clock):
    begun = clock.now()
    with pytest.raises(RouterError, match=r"did not show v2 100 within 10 s; it shows v1 100"):
        agreed(router, clock, "v2 100", lambda live: live.shares == V2, AGREE)
    assert clock.now() - begun >= AGREE


def test_an_expired_mark_is_a_dead_walks(lease, router, clock):
    lease.expire()
    assert not is_alive(router.live.mark, clock.now())


def test_a_dropped_mark_is_gone(lease, router):
    lease.drop()
    assert router.live.mark is None
