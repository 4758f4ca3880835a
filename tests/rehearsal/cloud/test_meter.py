"""Envoy's counters into points."""

from rehearsal.cloud.counters import Dimensions
from rehearsal.cloud.meter import Meter
from rehearsal.cloud.metrics import Metrics
from rehearsal.cloud.tallies import Count

KEY = ("targetgroup/v1/0123456789abcdef", "app/shop/0123456789abcdef")
NOON = 1_800_014_400


def test_what_came_since_the_last_count_is_of_that_second(counting):
    metrics = Metrics()
    meter = Meter(counting, metrics)
    meter.know({"v1": Dimensions(*KEY)}, {})
    for second, total in enumerate((3, 8, 8)):
        counting.held = [Count("web", "v1", 200, "-", total)]
        meter.count(NOON + second)
    seen = metrics.periods(("RequestCount", KEY), NOON, NOON + 60, 1, NOON + 60)
    assert seen == {NOON: {1.0: 3}, NOON + 1: {1.0: 5}}


def test_a_name_that_was_known_once_stays_known(counting):
    metrics = Metrics()
    meter = Meter(counting, metrics)
    meter.know({"v1": Dimensions(*KEY)}, {"web": KEY[1]})
    meter.know({}, {})
    counting.held = [Count("web", "v1", 200, "-", 1)]
    meter.count(NOON)
    assert {key for metric, key in metrics.series() if metric == "RequestCount"} == {KEY, ("", KEY[1])}


def test_a_meter_that_never_ran_can_be_stopped(counting):
    Meter(counting, Metrics()).stop()
