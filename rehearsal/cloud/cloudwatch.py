"""CloudWatch's API for the load balancers' metrics, where moto has neither their points nor percentiles.

In: `Metrics`, and moto's backend. Out: the backend, answering from them what is asked of namespace AWS/ApplicationELB,
and refusing what AWS refuses. Answers come in one page. Metrics of other namespaces, and math over them, are moto's.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterCombination, InvalidParameterValue, ValidationError
from moto.cloudwatch.models import CloudWatchBackend, MetricDatum

from rehearsal.cloud.counters import Key
from rehearsal.cloud.distribution import SIMPLE, StatisticError, statistic
from rehearsal.cloud.metrics import MINUTE, Metrics, Series

NAMESPACE = "AWS/ApplicationELB"
ID = re.compile(r"[a-z][a-zA-Z0-9_]*")
MOST_QUERIES, MOST_POINTS = 500, 1440  # of one GetMetricData, and of one GetMetricStatistics
SHORT = (1, 5, 10, 20, 30)  # periods below a minute

Query = dict[str, Any]


class Answers:
    """What CloudWatch says of *metrics*; *shown*: up to when (unix seconds) it shows anything by now."""

    def __init__(self, metrics: Metrics, moto: CloudWatchBackend, shown: Callable[[], float]) -> None:
        self._metrics, self._shown = metrics, shown
        self._data, self._statistics = moto.get_metric_data, moto.get_metric_statistics
        self._put, self._filtered = moto.put_metric_data, moto.get_filtered_metrics

    def get_metric_data(self, queries: list[Query], start_time: datetime, end_time: datetime, scan_by: str) -> Any:
        """GetMetricData, for moto's answer to it."""
        _check_times(ValidationError, start_time, end_time)
        _check_queries(queries)
        if not any(map(_is_ours, queries)):
            return self._data(queries, start_time, end_time, scan_by)
        if any("Expression" in one for one in queries):
            raise ValidationError("The rehearsal does not know metric math over load balancers' metrics.")
        theirs = self._data([one for one in queries if not _is_ours(one)], start_time, end_time, scan_by)
        found = {one["id"]: one for one in theirs}
        for number, one in enumerate(queries, 1):
            if _is_ours(one):
                found[one["Id"]] = self._result(number, one, start_time, end_time, scan_by)
        return [found[one["Id"]] for one in queries if one.get("ReturnData", True)]

    def _result(self, number: int, query: Query, start: datetime, end: datetime, scan_by: str) -> dict[str, Any]:
        asked = query["MetricStat"]
        try:
            stat = statistic(asked["Stat"])
        except StatisticError as error:
            where = f"MetricDataQueries.member.{number}.MetricStat.Stat"
            raise ValidationError(f"The value {asked['Stat']} for parameter {where} {error}") from error
        of = (asked["Metric"]["MetricName"], _key(asked["Metric"].get("Dimensions", ())))
        period = int(asked["Period"])
        seen = self._periods(of, start, end, period, asked.get("Unit"))
        order = sorted(seen, reverse=scan_by == "TimestampDescending")
        return {
            "id": query["Id"],
            "label": query.get("Label") or of[0],
            "timestamps": [datetime.fromtimestamp(at, UTC) for at in order],
            "values": [stat(seen[at]) for at in order],
            "status_code": "Complete",
        }

    def get_metric_statistics(self, *asked: Any, dimensions: list[dict[str, str]], unit: str | None = None) -> Any:
        """GetMetricStatistics, for moto's answer to it, which is not told of extended statistics."""
        namespace, metric, start, end, period, stats = asked
        if namespace != NAMESPACE:
            return self._statistics(*asked, dimensions=dimensions, unit=unit)
        _check_times(InvalidParameterValue, start, end)
        _check_statistics(stats, period, (end - start).total_seconds())
        of = (metric, _key(dimensions))
        shared = {"Unit": self._metrics.series().get(of)}
        return [
            {"Timestamp": datetime.fromtimestamp(at, UTC), **shared, **{stat: SIMPLE[stat](seen) for stat in stats}}
            for at, seen in self._periods(of, start, end, period, unit).items()
        ]

    def put_metric_data(self, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        """PutMetricData, which nobody may into a namespace of AWS's own."""
        if namespace.startswith("AWS/"):
            raise InvalidParameterValue("The value AWS/ for parameter Namespace is invalid.")
        self._put(namespace, metric_data)

    def get_filtered_metrics(self, metric_name: str, namespace: str, dimensions: list[dict[str, str]]) -> list[Any]:
        """What ListMetrics lists: moto's own, and ours."""
        ours: Any = (MetricDatum(NAMESPACE, of, 0, _named(key), None) for of, key in self._metrics.series())
        found = [one for one in ours if one.filter(namespace, metric_name, dimensions)]
        return [*self._filtered(metric_name, namespace, dimensions), *found]

    def _periods(self, of: Series, start: datetime, end: datetime, period: int, unit: str | None) -> dict[int, Any]:
        if unit and unit != self._metrics.series().get(of):
            return {}
        rounded = period if period in SHORT[1:] else MINUTE
        begin = int(start.timestamp()) // rounded * rounded
        return self._metrics.periods(of, begin, int(end.timestamp()), period, self._shown())


def answer(metrics: Metrics, cloudwatch: CloudWatchBackend, shown: Callable[[], float]) -> None:
    """Have *cloudwatch* answer from *metrics*, as far as these are *shown* by now."""
    answers: Any = Answers(metrics, cloudwatch, shown)
    # Attributes of this one backend; moto itself stays as it is.
    cloudwatch.get_metric_data = answers.get_metric_data
    cloudwatch.get_metric_statistics = answers.get_metric_statistics
    cloudwatch.put_metric_data = answers.put_metric_data
    cloudwatch.get_filtered_metrics = answers.get_filtered_metrics


def _is_ours(query: Query) -> bool:
    return query.get("MetricStat", {}).get("Metric", {}).get("Namespace") == NAMESPACE


def _key(dimensions: Sequence[Mapping[str, str]]) -> Key:
    """Of dimensions that no load balancer has, a key that nothing has."""
    named = {one["Name"]: one["Value"] for one in dimensions}
    key = (named.pop("TargetGroup", ""), named.pop("LoadBalancer", ""))
    return key if not named else ("", "")


def _named(key: Key) -> list[dict[str, str]]:
    named = zip(("TargetGroup", "LoadBalancer"), key, strict=True)
    return [{"Name": name, "Value": value} for name, value in named if value]


def _is_period(period: int) -> bool:
    return period in SHORT or (period > 0 and period % MINUTE == 0)


def _check_times(error: type[Exception], start: datetime, end: datetime) -> None:
    if start >= end:
        raise error("The parameter StartTime must be less than the parameter EndTime.")


def _check_statistics(stats: Sequence[str], period: int, seconds: float) -> None:
    if not _is_period(period):
        raise InvalidParameterValue("The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.")
    if not stats:
        raise InvalidParameterValue("The rehearsal knows extended statistics in GetMetricData only.")
    if unknown := [one for one in stats if one not in SIMPLE]:
        raise InvalidParameterValue(f"The parameter Statistics must be of {sorted(SIMPLE)}, not {unknown}.")
    if seconds / period > MOST_POINTS:
        raise InvalidParameterCombination(
            f"You have requested up to {seconds // period:.0f} datapoints, which exceeds the limit of {MOST_POINTS}. "
            "You may reduce the datapoints requested by increasing Period, or decreasing the time range."
        )


def _check_queries(queries: Sequence[Query]) -> None:
    if len(queries) > MOST_QUERIES:
        raise ValidationError(f"The collection MetricDataQueries must not have a size greater than {MOST_QUERIES}.")
    ids = [one["Id"] for one in queries]
    if len(set(ids)) < len(ids):
        raise ValidationError("The values for parameter id in MetricDataQueries are not unique.")
    for number, query in enumerate(queries, 1):
        where = f"MetricDataQueries.member.{number}"
        if not ID.fullmatch(query["Id"]):
            raise ValidationError(f"The value {query['Id']} for parameter {where}.Id is invalid.")
        period = int(query.get("MetricStat", {}).get("Period", MINUTE))
        if not _is_period(period):
            raise ValidationError(
                f"The value {period} for parameter {where}.MetricStat.Period is invalid: it must be 1, 5, 10, 20, 30 "
                "or a multiple of 60."
            )
