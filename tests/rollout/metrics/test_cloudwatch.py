"""Counts from CloudWatch."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.errors import MetricsError, RouterError
from rollout.metrics.cloudwatch import CloudWatchSource, requests
from rollout.metrics.interface import Counts, Tick
from tests.fakes import FakeClock
from tests.rollout.metrics.conftest import BALANCER, GROUPS, FakeCloudWatch, refusal

NOON = 1_800_014_400.0


def source_of(cloudwatch, clock, **more):
    return CloudWatchSource(
        cloudwatch=cloudwatch, clock=clock, **{"groups": GROUPS, "balancer": BALANCER, "over": None, **more}
    )


@pytest.fixture
def clock():
    """It is noon."""
    clock = FakeClock()
    clock.sleep(NOON - clock.now())
    return clock


@pytest.fixture
def source(cloudwatch, clock):
    """Begun at noon; its minutes are settled two minutes later."""
    source = source_of(cloudwatch, clock, over=0.3)
    assert source.poll() == []
    return source


def minute(number, **counts):
    begin = NOON + 60 * number
    return Tick(begin, begin + 60, {version: Counts(*each) for version, each in counts.items()})


# Ticks


def test_a_minute_is_a_tick_once_it_is_settled(cloudwatch, clock, source):
    cloudwatch.add(NOON, "v1", good=90)
    cloudwatch.add(NOON + 59, "v2", good=10)
    clock.sleep(179)
    assert source.poll() == []
    assert cloudwatch.calls == 0
    clock.sleep(1)
    assert source.poll() == [minute(0, v1=(90, 0), v2=(10, 0))]
    assert source.poll() == []


def test_minutes_that_settled_meanwhile_come_in_order(cloudwatch, clock, source):
    for number in range(3):
        cloudwatch.add(NOON + 60 * number, "v1", good=number + 1)
    clock.sleep(300)
    assert source.poll() == [minute(number, v1=(number + 1, 0), v2=(0, 0)) for number in range(3)]


def test_the_first_tick_begins_with_the_first_whole_period(cloudwatch, clock):
    source = source_of(cloudwatch, clock)
    clock.sleep(1)
    source.poll()
    cloudwatch.add(NOON, "v1", good=1)
    cloudwatch.add(NOON + 60, "v1", good=2)
    clock.sleep(240)
    assert source.poll() == [minute(1, v1=(2, 0), v2=(0, 0))]


def test_nobody_is_asked_twice_for_the_same_minutes(cloudwatch, clock, source):
    clock.sleep(180)
    source.poll()
    asked = cloudwatch.calls
    clock.sleep(59)
    source.poll()
    assert cloudwatch.calls == asked


@pytest.mark.parametrize(("period", "late"), [(1, 0), (1, 3), (5, 2.5), (300, 120)])
def test_other_periods_and_lags(cloudwatch, clock, period, late):
    source = source_of(cloudwatch, clock, period=period, late=late)
    source.poll()
    cloudwatch.add(NOON, "v1", good=1)
    clock.sleep(period + late)
    assert source.poll() == [Tick(NOON, NOON + period, {"v1": Counts(1, 0), "v2": Counts(0, 0)})]


def test_what_was_before_the_tick_is_no_part_of_it(cloudwatch, clock):
    source = source_of(cloudwatch, clock, period=1, late=0)
    cloudwatch.add(NOON, "v1", good=8)  # CloudWatch rounds the start down to the minute
    clock.sleep(7)
    source.poll()
    cloudwatch.add(NOON + 7, "v1", good=1)
    clock.sleep(1)
    (tick,) = source.poll()
    assert (tick.begin, tick.counts["v1"].total) == (NOON + 7, 1)


# Counts


def test_what_a_target_answered_with_5xx_has_failed(cloudwatch, clock, source):
    cloudwatch.add(NOON, "v2", good=9, bad=1)
    clock.sleep(180)
    assert source.poll() == [minute(0, v1=(0, 0), v2=(10, 1))]


def test_what_a_target_reset_has_failed_though_no_target_group_has_its_code(cloudwatch, clock, source):
    cloudwatch.add(NOON, "v2", good=9, bad=1, reset=3)
    cloudwatch.add(NOON, "v1", good=20, reset=1)
    clock.sleep(180)
    assert source.poll() == [minute(0, v1=(21, 1), v2=(13, 4))]


def test_slow_is_what_took_longer_than_allowed(cloudwatch, clock, source):
    cloudwatch.add(NOON, "v1", good=997, slow=13)
    cloudwatch.add(NOON, "v2", good=3, reset=4, slow=2)
    clock.sleep(180)
    assert source.poll() == [minute(0, v1=(997, 0, 13), v2=(7, 4, 2))]


def test_nobody_asks_for_times_where_no_gate_does(cloudwatch, clock):
    source = source_of(cloudwatch, clock)
    source.poll()
    cloudwatch.add(NOON, "v1", good=3, slow=3)
    clock.sleep(180)
    assert source.poll() == [minute(0, v1=(3, 0, 0), v2=(0, 0, 0))]
    assert cloudwatch.calls == 13  # pages; six metrics a version and one of the load balancer's


@pytest.mark.parametrize("over", [0.3, 0.25, 1, 0.0000000001, 12.5, 10])
def test_any_threshold_is_a_statistic_that_cloudwatch_knows(cloudwatch, clock, over):
    source = source_of(cloudwatch, clock, over=over)
    source.poll()
    cloudwatch.add(NOON, "v1", good=3, slow=1)
    clock.sleep(180)
    slow = sum(time > over for time in (0.4, 0.1, 0.1))
    assert source.poll()[0].counts["v1"] == Counts(3, 0, slow)
    (stat,) = {one for one in cloudwatch.stats if one.startswith("PR")}
    assert float(stat.removeprefix("PR(").removesuffix(":)")) == over


def test_good_answers_that_are_not_shown_yet_are_no_failures(cloudwatch, clock, source):
    cloudwatch.add(NOON, "v1", good=20, reset=1)
    cloudwatch.add(NOON, "v2", good=9, bad=2)
    cloudwatch.take_away("HTTPCode_Target_2XX_Count", "v2")
    clock.sleep(180)
    assert source.poll() == [minute(0, v1=(21, 1), v2=(11, 3))]  # of the reset nobody knows whose it was


def test_requests_that_are_not_shown_yet_are_never_less_than_none(cloudwatch, clock, source):
    cloudwatch.add(NOON, "v2", good=9, slow=9)
    cloudwatch.take_away("RequestCount", "v2")
    clock.sleep(180)
    assert source.poll() == [minute(0, v1=(0, 0), v2=(0, 0))]


# Absent points


def test_where_the_load_balancer_has_a_point_a_missing_one_is_zero(cloudwatch, clock, source):
    cloudwatch.add(NOON, good=5)
    clock.sleep(180)
    assert source.poll() == [minute(0, v1=(0, 0), v2=(0, 0))]


def test_where_it_has_none_there_is_no_word_of_who_has_none_either(cloudwatch, clock, source):
    cloudwatch.add(NOON, "v1", good=5)
    del cloudwatch.seen["RequestCount", ""]
    clock.sleep(180)
    assert source.poll() == [minute(0, v1=(5, 0))]


def test_a_minute_of_which_there_is_no_word_is_no_tick(cloudwatch, clock, source):
    cloudwatch.add(NOON, "v1", good=5)
    cloudwatch.add(NOON + 120, "v1", good=7)
    clock.sleep(300)
    assert source.poll() == [minute(0, v1=(5, 0), v2=(0, 0)), minute(2, v1=(7, 0), v2=(0, 0))]


def test_points_that_come_later_than_promised_are_seen_when_they_come(cloudwatch, clock, source):
    clock.sleep(180)
    assert source.poll() == []
    clock.sleep(120)
    assert source.poll() == []
    for number in range(4):
        cloudwatch.add(NOON + 60 * number, "v1", good=number + 1)
    clock.sleep(60)
    assert [tick.counts["v1"].total for tick in source.poll()] == [1, 2, 3, 4]


def test_the_newest_minutes_are_asked_for_again_until_there_is_a_word(cloudwatch, clock, source):
    cloudwatch.add(NOON, "v1", good=1)
    clock.sleep(240)
    assert [tick.counts["v1"].total for tick in source.poll()] == [1]
    cloudwatch.add(NOON + 60, "v1", good=2)
    clock.sleep(60)
    assert [tick.counts["v1"].total for tick in source.poll()] == [2]


def test_minutes_without_a_word_are_given_up_after_a_while(cloudwatch, clock, source):
    clock.sleep(3600)
    source.poll()
    cloudwatch.add(NOON + 60 * 40, "v1", good=1)
    cloudwatch.add(NOON + 60 * 50, "v1", good=2)
    clock.sleep(60)
    assert [tick.counts["v1"].total for tick in source.poll()] == [2]


# Errors and pages


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (refusal("Throttling", "Rate exceeded"), "Throttling"),
        (refusal("ServiceUnavailable", "a temporary failure", 503), "ServiceUnavailable"),
        (refusal("AccessDenied", "not authorized to perform: cloudwatch:GetMetricData"), "cloudwatch:GetMetricData"),
    ],
)
def test_what_aws_refuses_is_told_and_asked_for_again(cloudwatch, clock, source, error, said):
    cloudwatch.add(NOON, "v1", good=5)
    clock.sleep(180)
    cloudwatch.error = error
    for ask in (source.poll, lambda: source.recent(60)):
        with pytest.raises(MetricsError, match=rf"^read the counts of v1, v2 from CloudWatch: .*{said}"):
            ask()
    cloudwatch.error = None
    assert source.poll() == [minute(0, v1=(5, 0), v2=(0, 0))]


@pytest.mark.parametrize("status", ["InternalError", "Forbidden"])
def test_a_result_that_is_none_is_told(cloudwatch, clock, source, status):
    clock.sleep(180)
    cloudwatch.status = status
    with pytest.raises(MetricsError, match=rf"from CloudWatch: {status} for RequestCount$"):
        source.poll()


def test_a_period_that_aws_does_not_know_is_told(cloudwatch, clock):
    with pytest.raises(MetricsError, match="ValidationError"):
        source_of(cloudwatch, clock, period=45).recent(300)


def test_values_on_several_pages_belong_together(cloudwatch, clock, source):
    for number in range(7):
        cloudwatch.add(NOON + 60 * number, "v1", good=number + 1, bad=1)
    cloudwatch.page = 2
    clock.sleep(60 * 9)
    assert source.poll() == [minute(number, v1=(number + 2, 1), v2=(0, 0)) for number in range(7)]


def test_more_versions_than_one_call_can_ask_for_are_asked_for_in_several(cloudwatch, clock):
    many = {f"v{number}": f"{GROUPS['v1']}{number}" for number in range(100)}
    source = source_of(cloudwatch, clock, groups={**many, **GROUPS}, over=0.3)
    cloudwatch.add(NOON - 180, "v2", good=3, reset=1)
    tick = source.recent(60)
    assert len(tick.counts) == 100
    assert tick.counts["v2"] == Counts(4, 1)


# The past


def test_the_past_is_summed(cloudwatch, clock, source):
    for number in (2, 3, 4):
        cloudwatch.add(NOON - 60 * number, "v1", good=10 * number, bad=1, slow=2)
    cloudwatch.add(NOON - 60, "v1", good=1000)  # not settled yet
    past = Tick(NOON - 240, NOON - 120, {"v1": Counts(72, 2, 4), "v2": Counts(0, 0)})
    assert source.recent(120) == past


def test_the_past_begins_with_the_first_request(cloudwatch, clock, source):
    cloudwatch.add(NOON - 240, "v1", good=6)
    assert source.recent(3600) == Tick(NOON - 240, NOON - 120, {"v1": Counts(6, 0), "v2": Counts(0, 0)})


def test_a_past_without_requests_has_no_counts(source):
    assert source.recent(900) == Tick(NOON - 120 - 900, NOON - 120, {})


def test_a_past_shorter_than_a_period_is_one_period(cloudwatch, clock, source):
    cloudwatch.add(NOON - 180, "v1", good=6)
    assert source.recent(10) == Tick(NOON - 180, NOON - 120, {"v1": Counts(6, 0), "v2": Counts(0, 0)})


# In general

REQUESTS = st.fixed_dictionaries({name: st.integers(0, 5) for name in ("good", "bad", "reset")})
HAPPENED = st.lists(st.tuples(st.floats(0, 599), st.sampled_from(["v1", "v2"]), REQUESTS), max_size=20)


@given(HAPPENED, st.lists(st.floats(0.1, 200), min_size=1, max_size=20), st.sampled_from([1, 30, 60, 120]))
def test_however_often_one_polls_each_request_counts_once(happened, waits, period):
    cloudwatch, clock = FakeCloudWatch(), FakeClock()
    clock.sleep(NOON - clock.now())
    source = source_of(cloudwatch, clock, period=period, late=5)
    source.poll()
    for second, version, answers in happened:
        cloudwatch.add(NOON + second, version, **answers)
    ticks = []
    for wait in (*waits, 700):
        clock.sleep(wait)
        ticks += source.poll()
    assert [tick.begin for tick in ticks] == sorted({tick.begin for tick in ticks})
    for version in GROUPS:
        of = [answers for _, whose, answers in happened if whose == version]
        counts = [tick.counts[version] for tick in ticks]
        assert sum(one.total for one in counts) == sum(sum(one.values()) for one in of)
        assert sum(one.failed for one in counts) == sum(one["bad"] + one["reset"] for one in of)


# One group's requests, for the zero-traffic proof


@pytest.fixture(scope="module")
def moto(aws):
    """moto's CloudWatch with what a load balancer wrote: a point a minute with requests, by target group."""
    client = aws("cloudwatch")
    for version, number, count in [("v1", 0, 5), ("v1", 1, 7), ("v1", 9, 100), ("v2", 1, 1000)]:
        client.put_metric_data(
            Namespace="AWS/ApplicationELB",
            MetricData=[
                {
                    "MetricName": "RequestCount",
                    "Dimensions": [
                        {"Name": "TargetGroup", "Value": GROUPS[version].rpartition(":")[2]},
                        {"Name": "LoadBalancer", "Value": "app/shop/fedcba9876543210"},
                    ],
                    "Timestamp": datetime.fromtimestamp(NOON + 60 * number, UTC),
                    "Value": count,
                    "Unit": "Count",
                }
            ],
        )
    return client


def test_the_requests_of_a_group_are_summed_over_its_minutes(moto):
    assert requests(moto, BALANCER, GROUPS["v1"], NOON, NOON + 120) == 12


def test_another_time_and_another_group_do_not_count(moto):
    assert requests(moto, BALANCER, GROUPS["v1"], NOON + 60, NOON + 120) == 7
    assert requests(moto, BALANCER, GROUPS["v2"], NOON, NOON + 120) == 1000


def test_no_point_is_no_request(moto):
    assert requests(moto, BALANCER, GROUPS["v1"], NOON + 180, NOON + 300) == 0


def test_another_load_balancer_has_none_of_them(moto):
    assert requests(moto, BALANCER.replace("app/shop", "app/other"), GROUPS["v1"], NOON, NOON + 120) == 0


def test_what_aws_refuses_is_told(moto):
    with pytest.raises(RouterError, match=r"^read the request count: .*StartTime"):
        requests(moto, BALANCER, GROUPS["v1"], NOON + 60, NOON)
