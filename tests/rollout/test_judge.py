"""The judge's answers where little is known, and where everything is."""

import math

import numpy as np
import pytest

from rollout.judge import Judge
from rollout.strategy import Gate

GATE = Gate()


def judge(**more) -> Judge:
    return Judge(GATE, alpha=GATE.alpha, beta=GATE.beta, **more)


def seen(ticks: int, x: float, y: float, n: float, m: float, **more) -> Judge:
    """After *ticks* ticks that were all alike."""
    found = judge(**more)
    for _ in range(ticks):
        found.see(x, y, n, m)
    return found


def verdict(found: Judge) -> str:
    return "restore" if found.restores[0] else "clear" if found.clears[0] else "go on"


def test_before_the_first_tick_it_knows_nothing():
    found = judge()
    assert (found.alarm[0], round(found.clear[0], 9), verdict(found)) == (0, 0, "go on")


def test_no_traffic_at_all_says_nothing():
    assert verdict(seen(1000, 0, 0, 0, 0)) == "go on"


def test_little_traffic_proves_nothing():
    assert verdict(seen(100, 0, 0, 1, 9)) == "go on"


def test_much_good_traffic_clears():
    assert verdict(seen(200, 0, 2, 25, 225)) == "clear"


def test_a_newcomer_that_fails_much_more_is_restored():
    assert verdict(seen(50, 5, 0, 25, 225)) == "restore"


def test_a_newcomer_that_fails_without_any_request_to_the_incumbent_is_not_alarmed_about():
    assert verdict(seen(500, 5, 0, 25, 0)) == "go on"


def test_without_any_request_to_the_incumbent_a_good_newcomer_is_cleared_by_what_is_allowed():
    assert verdict(seen(500, 0, 0, 25, 0)) == "clear"


def test_an_incumbent_that_fails_as_much_restores_nobody():
    assert verdict(seen(300, 10, 90, 25, 225)) == "clear"


def test_a_newcomer_that_is_better_is_cleared():
    assert verdict(seen(100, 1, 45, 25, 225)) == "clear"


def test_a_single_tick_never_restores():
    found = judge()
    found.see(0, 2, 100, 900)
    found.see(100, 2, 100, 900)
    assert verdict(found) == "go on"


def test_a_cleared_newcomer_can_still_be_restored():
    found = seen(200, 0, 2, 25, 225)
    found.fresh()
    for _ in range(60):
        found.see(15, 2, 25, 225)
    assert (bool(found.clears[0]), verdict(found)) == (True, "restore")


def test_the_alarm_begins_anew_at_each_step_and_the_proof_goes_on():
    found = seen(40, 1, 1, 25, 225)
    alarm, clear = found.alarm[0], found.clear[0]
    found.fresh()
    assert alarm != 0
    assert (found.alarm[0], found.clear[0]) == (0, clear)


def test_once_it_is_alone_only_what_is_allowed_counts():
    assert verdict(seen(100, 5, 0, 200, 0, alone=True)) == "restore"
    assert verdict(seen(100, 1, 0, 200, 0, alone=True)) != "restore"


def test_nothing_below_what_is_allowed_is_seen():
    allowed = int(1000 * GATE.allow)
    assert verdict(seen(100, allowed - 1, 0, 1000, 1000)) != "restore"


def test_streams_are_judged_each_for_itself():
    found = judge(streams=2)
    for _ in range(60):
        found.see(np.array([0, 10]), 0, 25, 225)
    assert found.restores.tolist() == [False, True]


def test_thresholds_are_what_ville_asks():
    found = judge()
    assert (found.alarm_at, found.clear_at) == (math.log(1 / GATE.alpha), math.log(1 / GATE.beta))


@pytest.mark.parametrize(("x", "y", "n", "m"), [(2, 0, 1, 9), (0, 10, 1, 9), (-1, 0, 1, 9)])
def test_counts_that_cannot_be_are_refused(x, y, n, m):
    with pytest.raises(ValueError, match="more requests failed than there were"):
        judge().see(x, y, n, m)
