"""Points as CloudWatch keeps them."""

from hypothesis import given
from hypothesis import strategies as st

from rehearsal.cloud.counters import Point
from rehearsal.cloud.metrics import KEPT, Metrics

KEY = ("targetgroup/v1/0123456789abcdef", "app/shop/0123456789abcdef")
REQUESTS = ("RequestCount", KEY)
NOON = 1_800_014_400
LATER = NOON + 100_000.0


def requests(number):
    return [Point("RequestCount", KEY, {1.0: number})]


def kept(seconds):
    """Metrics with so many requests at each of *seconds* after noon."""
    metrics = Metrics()
    for second, number in sorted(seconds.items()):
        metrics.put(NOON + second, requests(number))
    return metrics


def sums(metrics, begin, end, period, shown=LATER):
    """Requests by period, in seconds after noon."""
    found = metrics.periods(REQUESTS, NOON + begin, NOON + end, period, shown)
    return {at - NOON: sum(seen.values()) for at, seen in found.items()}


def test_seconds_add_up_to_periods():
    assert sums(kept({0: 1, 4: 2, 5: 4, 11: 8}), 0, 15, 5) == {0: 3, 5: 4, 10: 8}


def test_a_period_begins_within_the_span_and_is_whole():
    metrics = kept(dict.fromkeys(range(20), 1))
    assert sums(metrics, 5, 11, 5) == {5: 5, 10: 5}
    assert sums(metrics, 5, 10, 5) == {5: 5}


def test_a_second_is_shown_once_it_is_over():
    metrics = kept({0: 1, 1: 2, 2: 4})
    assert sums(metrics, 0, 5, 1, shown=NOON + 2) == {0: 1, 1: 2}
    assert sums(metrics, 0, 5, 5, shown=NOON + 2.9) == {0: 3}


def test_of_another_metric_there_is_nothing():
    metrics = kept({0: 1})
    assert metrics.periods(("RequestCount", ("", KEY[1])), NOON, NOON + 60, 60, LATER) == {}
    assert metrics.series() == {REQUESTS: "Count"}


def test_the_same_second_twice_adds_up():
    metrics = kept({0: 1})
    metrics.put(NOON, requests(2))
    assert sums(metrics, 0, 1, 1) == {0: 3}


def test_after_three_hours_only_minutes_are_left():
    metrics = kept({0: 1, 1: 2, 59: 4, 61: 8})
    metrics.put(NOON + KEPT + 60, requests(16))
    assert sums(metrics, 0, 120, 1) == {0: 7, 61: 8}
    assert sums(metrics, 0, KEPT + 120, 60) == {0: 7, 60: 8, KEPT + 60: 16}


@given(st.dictionaries(st.integers(0, 200), st.integers(1, 9)), st.integers(1, 90))
def test_no_request_is_lost_between_periods(seconds, period):
    assert sum(sums(kept(seconds), 0, 201, period).values()) == sum(seconds.values())
