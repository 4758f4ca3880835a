"""Points of the charts."""

import pytest

from rollout.reports.series import COLUMNS, DOTS, cumulated, dots, held, thinned, until
from rollout.summary import of_step
from tests import walks


def test_shares_are_held_from_the_start_over_each_step_to_what_was_live_at_the_end():
    entry = walks.restored()
    points = held(entry)
    assert points[0] == (0, {"v1": 1000})
    moved = [(round(at, 1), shares["v3"]) for at, shares in points[1:5]]
    assert moved == [(1.5, 10), (16.5, 50), (31.5, 250), (46.5, 500)]
    assert points[5:] == [(58, {"v1": 1000}), (until(entry), {"v1": 1000})]


@pytest.mark.parametrize("live", [None, {}])
def test_what_nobody_could_read_at_the_end_is_not_drawn(live):
    entry = walks.promoted()
    entry.live = live
    assert held(entry)[-1][1] == ({"v2": 1000} if live is None else {})


def test_a_crash_leaves_the_last_step_on():
    entry = walks.crashed()
    assert held(entry)[-1] == (until(entry), {"v1": 750, "v2": 250})


def test_rates_are_those_since_the_step_began():
    entry = walks.promoted()
    ticks = of_step(entry, 3)
    ends = list(cumulated(entry, ticks, ["v2"], "errors"))
    failed = sum(tick["counts"]["v2"]["failed"] for tick in ticks)
    total = sum(tick["counts"]["v2"]["total"] for tick in ticks)
    at, rate, low, high = ends[-1]
    assert (at, rate) == (ticks[-1]["end"] - entry.begun, pytest.approx(100 * failed / total))
    assert low < rate < high


def test_what_nobody_asked_has_no_rate():
    entry = walks.inconclusive()
    assert list(cumulated(entry, of_step(entry, 0), ["v2"], "errors")) == []


def test_slow_and_failed_are_told_apart():
    entry = walks.promoted()
    assert list(cumulated(entry, entry.ticks, ["v1"], "latency")) != list(
        cumulated(entry, entry.ticks, ["v1"], "errors")
    )


def test_a_dot_is_a_tick():
    entry = walks.promoted()
    shown = list(dots(entry, ["v2"], "errors"))
    asked = [tick for tick in entry.ticks if tick["counts"]["v2"]["total"]]
    assert len(shown) == len(asked)
    assert shown[0][0] == pytest.approx(asked[0]["end"] - 0.5 - entry.begun)


def test_long_walks_are_thinned_and_keep_their_last_point():
    entry = walks.promoted()
    entry.ticks = [{**entry.ticks[0], "end": entry.begun + second, "step": 0} for second in range(1803)]
    entry.steps = entry.steps[:1]
    line = thinned(entry, list(cumulated(entry, entry.ticks, ["v1"], "errors")))
    assert len(line) <= COLUMNS + 1
    assert line[-1][0] == 1802
    assert len(list(dots(entry, ["v1"], "errors"))) <= DOTS
