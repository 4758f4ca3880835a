"""CloudWatch's API over load balancers' metrics, asked by boto3."""

import time
from collections import Counter
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from rehearsal.cloud import faults
from rehearsal.cloud.counters import TIME, Point

SHOP = "app/shop/0123456789abcdef"
GROUP = "targetgroup/v1/0123456789abcdef"
OF_GROUP = [{"Name": "LoadBalancer", "Value": SHOP}, {"Name": "TargetGroup", "Value": GROUP}]
NOON = 1_700_000_040  # a full minute


@pytest.fixture
def cloudwatch(account):
    """Three seconds of requests: 5, 3 and 2, of which 3 were slow."""
    for second, (quick, slow) in enumerate([(5, 0), (1, 2), (1, 1)]):
        times = Counter({0.045: quick, 0.45: slow})
        seen = [Point("RequestCount", (GROUP, SHOP), {1.0: quick + slow}), Point(TIME, (GROUP, SHOP), +times)]
        account.cloud.metrics.put(NOON + second, [*seen, Point("RequestCount", ("", SHOP), {1.0: quick + slow})])
    return account.client("cloudwatch", retries=0)


def query(
    metric="RequestCount", stat="Sum", period=1, *, dimensions=OF_GROUP, name="m", namespace="AWS/ApplicationELB"
):
    of = {"Namespace": namespace, "MetricName": metric, "Dimensions": dimensions}
    return {"Id": name, "MetricStat": {"Metric": of, "Period": period, "Stat": stat}}


def at(seconds):
    return datetime.fromtimestamp(NOON + seconds, UTC)


def data(cloudwatch, *queries, begin=0, end=60, **more):
    """What is answered: [(seconds after noon, value)] by query, oldest first."""
    more = {"StartTime": at(begin), "EndTime": at(end), "ScanBy": "TimestampAscending", **more}
    answer = cloudwatch.get_metric_data(MetricDataQueries=list(queries), **more)
    assert [one["StatusCode"] for one in answer["MetricDataResults"]] == ["Complete"] * len(queries)
    return {
        one["Id"]: [
            (when.timestamp() - NOON, value) for when, value in zip(one["Timestamps"], one["Values"], strict=True)
        ]
        for one in answer["MetricDataResults"]
    }


def statistics(cloudwatch, **more):
    asked = {"Namespace": "AWS/ApplicationELB", "MetricName": "RequestCount", "Dimensions": OF_GROUP, "Period": 60}
    span = {"StartTime": at(0), "EndTime": at(60), "Statistics": ["Sum"]}
    return cloudwatch.get_metric_statistics(**{**asked, **span, **more})["Datapoints"]


def test_one_call_answers_many_queries(cloudwatch):
    asked = [
        query(),
        query(period=60, name="whole"),
        query(TIME, "PR(0.3:)", 60, name="slow"),
        query(TIME, "p50", name="p"),
    ]
    assert data(cloudwatch, *asked) == {
        "m": [(0, 5), (1, 3), (2, 2)],
        "whole": [(0, 10)],
        "slow": [(0, pytest.approx(30))],
        "p": [(0, 0.045), (1, 0.45), (2, 0.045)],
    }


def test_the_newest_comes_first_unless_asked_otherwise(cloudwatch):
    (answer,) = cloudwatch.get_metric_data(MetricDataQueries=[query()], StartTime=at(0), EndTime=at(60))[
        "MetricDataResults"
    ]
    assert answer["Values"] == [2, 3, 5]
    assert answer["Timestamps"] == sorted(answer["Timestamps"], reverse=True)


def test_the_start_is_rounded_down_to_the_minute_and_the_end_is_not_part_of_it(cloudwatch):
    assert data(cloudwatch, query(), begin=1, end=2)["m"] == [(0, 5), (1, 3)]
    assert data(cloudwatch, query(period=5), begin=7, end=20)["m"] == []
    assert data(cloudwatch, query(period=5), begin=4, end=20)["m"] == [(0, 10)]


@pytest.mark.parametrize(
    "dimensions",
    [
        [],
        OF_GROUP[1:],
        [{"Name": "LoadBalancer", "Value": "app/other/0123456789abcdef"}, OF_GROUP[1]],
        [*OF_GROUP, {"Name": "AvailabilityZone", "Value": "us-east-1a"}],
    ],
)
def test_other_dimensions_are_another_metric(cloudwatch, dimensions):
    assert data(cloudwatch, query(dimensions=dimensions)) == {"m": []}


def test_a_metric_that_nobody_wrote_is_empty(cloudwatch):
    assert data(cloudwatch, query("HTTPCode_Target_5XX_Count")) == {"m": []}


@pytest.mark.parametrize(
    ("queries", "said"),
    [
        ([query(stat="Median")], "MetricDataQueries.member.1.MetricStat.Stat is not a valid statistic"),
        ([query(), query(stat="PR(0.3)", name="n")], "MetricDataQueries.member.2.MetricStat.Stat is not a valid"),
        ([query(stat="tm90")], "The rehearsal does not know the statistic tm90"),
        ([query(period=45)], "The value 45 for parameter MetricDataQueries.member.1.MetricStat.Period"),
        ([query(), query()], "not unique"),
        ([query(name="M1")], "The value M1 for parameter MetricDataQueries.member.1.Id"),
        ([query(name=f"m{n}") for n in range(501)], "size greater than 500"),
        ([query(), {"Id": "e", "Expression": "m * 2"}], "metric math"),
    ],
)
def test_queries_that_are_refused(cloudwatch, queries, said):
    with pytest.raises(ClientError, match=rf"\(ValidationError\).*{said}"):
        data(cloudwatch, *queries)


@pytest.mark.parametrize("end", [0, -60])
def test_an_end_that_is_not_after_the_start_is_refused(cloudwatch, end):
    with pytest.raises(ClientError, match=r"\(ValidationError\)"):
        data(cloudwatch, query(), end=end)
    with pytest.raises(ClientError, match=r"\(InvalidParameterValue\)"):
        statistics(cloudwatch, EndTime=at(end))


def test_statistics_of_one_metric(cloudwatch):
    assert statistics(cloudwatch) == [{"Timestamp": at(0), "Sum": 10, "Unit": "Count"}]
    (point,) = statistics(cloudwatch, MetricName=TIME, Statistics=["Maximum", "SampleCount"])
    assert point == {"Timestamp": at(0), "Maximum": 0.45, "SampleCount": 10, "Unit": "Seconds"}
    assert statistics(cloudwatch, Unit="Seconds") == []


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"Period": 45}, "InvalidParameterValue"),
        ({"Period": 1, "EndTime": at(1441)}, "InvalidParameterCombination"),
        ({"Statistics": ["Median"]}, "InvalidParameterValue"),
    ],
)
def test_statistics_that_are_refused(cloudwatch, more, code):
    with pytest.raises(ClientError, match=rf"\({code}\)"):
        statistics(cloudwatch, **more)


def test_metrics_are_listed_once(cloudwatch):
    listed = cloudwatch.list_metrics(Namespace="AWS/ApplicationELB")["Metrics"]
    assert sorted(one["MetricName"] for one in listed) == ["RequestCount", "RequestCount", TIME]
    assert cloudwatch.list_metrics(Dimensions=OF_GROUP, MetricName=TIME)["Metrics"] == [
        {"Namespace": "AWS/ApplicationELB", "MetricName": TIME, "Dimensions": OF_GROUP[::-1]}
    ]


def test_nobody_writes_into_a_namespace_of_awss(cloudwatch):
    one = [{"MetricName": "RequestCount", "Value": 1}]
    with pytest.raises(ClientError, match=r"\(InvalidParameterValue\)"):
        cloudwatch.put_metric_data(Namespace="AWS/ApplicationELB", MetricData=one)


def test_other_namespaces_are_the_users_own(cloudwatch):
    mine = {"MetricName": "Sales", "Value": 7, "Timestamp": at(0)}
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=[mine])
    asked = query("Sales", period=60, dimensions=[], name="sales", namespace="Shop")
    assert data(cloudwatch, asked, query(period=60)) == {"sales": [(0, 7)], "m": [(0, 10)]}
    assert statistics(cloudwatch, Namespace="Shop", MetricName="Sales", Dimensions=[])[0]["Sum"] == 7


def test_what_lags_is_not_there_yet(account, cloudwatch):
    faults.write(account.cloud.home, faults.Faults(metrics_lag=time.time() - NOON - 1.5))
    assert data(cloudwatch, query()) == {"m": [(0, 5)]}
    faults.forget(account.cloud.home)
    assert len(data(cloudwatch, query())["m"]) == 3


def test_metrics_that_are_gone_are_unavailable_and_nothing_else_is(account, cloudwatch):
    faults.write(account.cloud.home, faults.Faults(metrics_gone=True))
    for ask in (lambda: data(cloudwatch, query()), lambda: statistics(cloudwatch)):
        with pytest.raises(ClientError, match=r"\(ServiceUnavailable\)"):
            ask()
    account.elbv2.describe_load_balancers()
    faults.forget(account.cloud.home)
    assert data(cloudwatch, query())
