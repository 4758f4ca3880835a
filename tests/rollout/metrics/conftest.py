"""CloudWatch as a load balancer fills it, which refuses what the real one refuses."""

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

ELB = "arn:aws:elasticloadbalancing:us-east-1:123456789012"
BALANCER = f"{ELB}:loadbalancer/app/shop/fedcba9876543210"
GROUPS = {version: f"{ELB}:targetgroup/shop-{version}/0123456789abcdef" for version in ("v1", "v2")}
STAT = re.compile(r"Sum|SampleCount|Average|Minimum|Maximum|p\d+|PR\((\d+(\.\d{1,10})?)?:(\d+(\.\d{1,10})?)?\)")


class FakeCloudWatch:
    """`calls` counts pages asked for; `page`: values on one; `error`: what every call is refused with; `status`: of
    every result.
    """

    def __init__(self) -> None:
        self.seen: defaultdict[tuple[str, str], defaultdict[float, list[float]]] = defaultdict(
            lambda: defaultdict(list)
        )
        self.calls = 0
        self.stats: set[str] = set()
        self.page = 1_000_000
        self.error: ClientError | None = None
        self.status = "Complete"

    def add(self, at: float, version: str = "", *, good: int = 0, bad: int = 0, reset: int = 0, slow: int = 0) -> None:
        """Requests at *at*: answered well, with a 500, not at all; of the answered *slow* took 0.4 s, others 0.1.

        Without a *version* they are another service's behind the same load balancer.
        """
        group = GROUPS[version].rpartition(":")[2] if version else "targetgroup/theirs/0123456789abcdef"
        answered = [("HTTPCode_Target_2XX_Count", good), ("HTTPCode_Target_5XX_Count", bad)]
        self._count(at, group, [("RequestCount", good + bad + reset), *answered])
        self._count(at, "", [("RequestCount", good + bad + reset), *answered, ("HTTPCode_ELB_5XX_Count", reset)])
        for whose in (group, ""):
            self.seen["TargetResponseTime", whose][at] += [0.4] * slow + [0.1] * (good + bad - slow)

    def _count(self, at: float, group: str, counts: list[tuple[str, int]]) -> None:
        for metric, number in counts:
            if number:
                self.seen[metric, group][at] += [1.0] * number

    def take_away(self, metric: str, version: str) -> None:
        """As if the points of *metric* were late."""
        del self.seen[metric, GROUPS[version].rpartition(":")[2]]

    def get_paginator(self, operation: str) -> "FakeCloudWatch":
        assert operation == "get_metric_data"
        return self

    def paginate(self, MetricDataQueries: list, StartTime: datetime, EndTime: datetime) -> Iterator[dict]:  # noqa: N803
        """Pages of at most `page` values of one metric, the newest first."""
        self._refuse(MetricDataQueries, StartTime, EndTime)
        for query in MetricDataQueries:
            values = sorted(self._values(query, StartTime.timestamp(), EndTime.timestamp()).items(), reverse=True)
            for first in range(0, max(1, len(values)), self.page):
                part = values[first : first + self.page]
                self.calls += 1
                yield {
                    "MetricDataResults": [
                        {
                            "Id": query["Id"],
                            "Label": query["MetricStat"]["Metric"]["MetricName"],
                            "Timestamps": [datetime.fromtimestamp(at, UTC) for at, _ in part],
                            "Values": [value for _, value in part],
                            "StatusCode": self.status,
                        }
                    ]
                }

    def _values(self, query: dict[str, Any], start: float, end: float) -> dict[float, float]:
        of, period, stat = (query["MetricStat"][name] for name in ("Metric", "Period", "Stat"))
        named = {one["Name"]: one["Value"] for one in of["Dimensions"]}
        is_ours = named.pop("LoadBalancer", "") == BALANCER.partition("loadbalancer/")[2]
        group = named.pop("TargetGroup", "")
        if of["Namespace"] != "AWS/ApplicationELB" or not is_ours or named:
            return {}
        found: defaultdict[float, list[float]] = defaultdict(list)
        begin = start // 60 * 60 if period == 1 or period >= 60 else start // period * period
        for at, values in self.seen.get((of["MetricName"], group), {}).items():
            if begin <= at < end:
                found[begin + (at - begin) // period * period] += values
        return {at: _statistic(stat, values) for at, values in found.items() if values}

    def _refuse(self, queries: list[dict[str, Any]], start: datetime, end: datetime) -> None:
        if self.error:
            raise self.error
        ids = [one["Id"] for one in queries]
        stats = [one["MetricStat"]["Stat"] for one in queries]
        self.stats |= set(stats)
        periods = [one["MetricStat"]["Period"] for one in queries]
        refusals = {
            "too many queries": len(queries) > 500,
            "ids that are not unique": len(set(ids)) < len(ids),
            "an id that is none": not all(re.fullmatch(r"[a-z]\w*", one) for one in ids),
            "not a valid statistic": not all(STAT.fullmatch(one) for one in stats),
            "a period that is none": not all(one in (1, 5, 10, 20, 30) or one % 60 == 0 for one in periods),
            "no whole period": not all(isinstance(one, int) for one in periods),
            "start and end": start >= end,
        }
        if found := [said for said, holds in refusals.items() if holds]:
            raise refusal("ValidationError", found[0])


def _statistic(name: str, values: list[float]) -> float:
    if name.startswith("PR("):
        low, high = name[3:-1].split(":")
        return 100 * sum(float(low or "-inf") < one <= float(high or "inf") for one in values) / len(values)
    return {"Sum": sum(values), "SampleCount": float(len(values))}[name]


def refusal(code: str, said: str, status: int = 400) -> ClientError:
    """AWS's answer to a call that it refuses."""
    answer: Any = {"Error": {"Code": code, "Message": said}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "GetMetricData")


@pytest.fixture
def cloudwatch() -> FakeCloudWatch:
    return FakeCloudWatch()
