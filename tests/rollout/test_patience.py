"""Patience: what passes by itself is tried again for a while, and nothing else."""

import threading

import pytest

from rollout.errors import RouterError, StoppedError
from rollout.patience import BUDGET, MOST, Patience, PatientFleets, PatientRouter
from tests.fakes import FakeClock, FakeFleets


@pytest.fixture
def stop():
    return threading.Event()


@pytest.fixture
def patience(clock, stop):
    return Patience(clock, stop)


def test_a_throttled_call_is_tried_again(patience, router, clock):
    router.start({"v1": 1000})
    router.throttled.add("read")
    clock.at(5, router.throttled.clear)
    assert PatientRouter(router, patience).read() == router.live


def test_what_is_refused_for_good_is_not_tried_again(patience, router, clock):
    router.broken.add("set_shares")
    begun = clock.now()
    with pytest.raises(RouterError, match="refused"):
        PatientRouter(router, patience).set_shares({"v1": 1000})
    assert clock.now() == begun


def test_there_is_an_end_to_it(patience, router, clock):
    router.throttled.add("health")
    begun = clock.now()
    with pytest.raises(RouterError, match="throttled"):
        PatientRouter(router, patience).health("v1")
    assert BUDGET <= clock.now() - begun <= BUDGET + MOST


def test_a_stop_ends_it_at_once(patience, router, clock, stop):
    router.throttled.add("set_mark")
    clock.at(3, stop.set)
    begun = clock.now()
    with pytest.raises(StoppedError):
        PatientRouter(router, patience).set_mark(None)
    assert clock.now() - begun <= 3 + MOST


def test_two_walks_that_are_throttled_do_not_try_again_in_step(stop):
    def pauses() -> list[float]:
        clock = FakeClock()
        tried: list[float] = []

        def refuse() -> None:
            tried.append(clock.now())
            raise RouterError("throttled", passing=True)

        with pytest.raises(RouterError):
            Patience(clock, stop)(refuse)
        return tried

    assert pauses() != pauses()


def test_fleets_are_asked_the_same_way(patience):
    fleets = FakeFleets()
    fleets.sizes = {"v1": 2}
    patient = PatientFleets(fleets, patience)
    patient.grow("v1", 3)
    patient.hold(["v1"])
    patient.let_go(["v1"])
    assert patient.desired(["v1"]) == {"v1": 3}
    assert fleets.calls == [("grow", "v1", "3"), ("hold", "v1"), ("let go", "v1")]
