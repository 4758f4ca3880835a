"""The restore: one write, tried until it is done or time is up."""

import threading

import pytest

from rollout.mark import Mark, me
from rollout.restore import HURRIED, PATIENT, restore

V1, AT_25 = {"v1": 1000}, {"v1": 750, "v2": 250}
MINE = Mark("ab12cd34", V1, {"v2": 1000}, me(), 2_000_000_000)


@pytest.fixture
def stop():
    return threading.Event()


@pytest.fixture
def lifted():
    """The mark that is there each time that the protection from scale-in is lifted."""
    return []


@pytest.fixture
def put_back(router, clock, stop, lifted):
    router.start(AT_25, MINE)
    return lambda: restore(router, clock, stop, V1, MINE, lift=lambda: lifted.append(router.live.mark))


def test_it_is_one_write_and_the_mark_goes(put_back, router):
    assert put_back() == "Restored v1 100"
    assert (router.writes, router.live.shares, router.live.mark) == ([V1], V1, None)


def test_the_protection_is_lifted_while_the_mark_tells_of_it(put_back, lifted):
    put_back()
    assert lifted == [MINE]


def test_what_never_moved_is_not_written(put_back, router):
    router.start(V1, MINE)
    assert put_back().startswith("v1 100 stays live: nothing was moved")
    assert (router.writes, router.live.mark) == ([], None)


def test_it_is_tried_again(put_back, router, clock):
    router.throttled.add("set_shares")
    clock.at(5, router.throttled.clear)
    assert put_back() == "Restored v1 100"


def test_weights_that_are_another_walks_are_left(put_back, router, lifted):
    router.start(AT_25, Mark("deadbeef", V1, {"v2": 1000}, me(), 2_000_000_000))
    assert put_back() == "The weights are no longer this walk's to restore: left as they are"
    assert (router.writes, lifted) == ([], [])


@pytest.mark.parametrize(("hurry", "seconds"), [(True, HURRIED), (False, PATIENT)])
def test_when_it_cannot_be_done_in_time_it_says_so_and_leaves_the_mark(request, put_back, hurry, seconds):
    router, clock, stop = (request.getfixturevalue(name) for name in ("router", "clock", "stop"))
    router.broken.add("set_shares")
    if hurry:
        stop.set()
    begun = clock.now()
    assert put_back().startswith(
        "RESTORE FAILED: set_shares: refused. The former traffic is v1 100; the walk's mark stays"
    )
    assert router.live.mark == MINE
    assert seconds <= clock.now() - begun <= seconds + 1


def test_an_operator_who_loses_patience_shortens_it(put_back, router, clock, stop):
    router.broken.add("set_shares")
    clock.at(5, stop.set)
    begun = clock.now()
    put_back()
    assert clock.now() - begun < 6
