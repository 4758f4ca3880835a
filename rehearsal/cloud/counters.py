"""Envoy's counters as the points that a real load balancer puts into CloudWatch.

In: two readings of the counters, and whose they are. Out: MetricData of namespace AWS/ApplicationELB for what happened
between them. As with the real one: no point where nothing happened; what the balancer answers itself is no target's
code, and has no target group; a request for which no target was chosen is in no RequestCount.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rehearsal.cloud.balancer import Count

OWN_CODES = (502, 503, 504)  # those of the balancer's own answers that have a metric each
NOT_CHOSEN = frozenset({"UH", "NC", "NR"})  # no healthy target, no such cluster, no rule: no target was chosen

Key = tuple[str, str]  # dimensions: a target group's or "", and a load balancer's


@dataclass(frozen=True)
class Dimensions:
    """A target group as CloudWatch names it: `targetgroup/name/hash`, behind `app/name/hash`."""

    target_group: str
    load_balancer: str


def points(
    before: list[Count], now: list[Count], groups: Mapping[str, Dimensions], balancer: Mapping[str, str]
) -> list[dict[str, Any]]:
    """What happened from *before* to *now*, as CloudWatch's MetricData.

    *groups* names clusters, *balancer* gives the `app/name/hash` of each listener. What neither knows is left out.
    """
    sums: Counter[tuple[str, Key]] = Counter()
    for count in _since(before, now):
        load_balancer = balancer.get(count.listener)
        group = groups.get(count.cluster)
        for metric in _of_group(count):
            if group:
                sums[metric, (group.target_group, group.load_balancer)] += count.total
            if load_balancer:
                sums[metric, ("", load_balancer)] += count.total
        if load_balancer:
            for metric in _of_balancer(count):
                sums[metric, ("", load_balancer)] += count.total
    return [_point(metric, key, total) for (metric, key), total in sorted(sums.items())]


def _since(before: Iterable[Count], now: Iterable[Count]) -> Iterator[Count]:
    """What was added to each counter; one that is smaller than before began anew."""
    past = {(c.listener, c.cluster, c.code, c.flags): c.total for c in before}
    for count in now:
        former = past.get((count.listener, count.cluster, count.code, count.flags), 0)
        added = count.total - former if count.total >= former else count.total
        if added:
            yield Count(count.listener, count.cluster, count.code, count.flags, added)


def _of_group(count: Count) -> Iterator[str]:
    """The metrics that a target group and its load balancer have in common."""
    if not count.cluster or not NOT_CHOSEN.isdisjoint(count.flags.split(",")):
        return
    yield "RequestCount"
    if _by_target(count) and 200 <= count.code < 600:
        yield f"HTTPCode_Target_{count.code // 100}XX_Count"


def _of_balancer(count: Count) -> Iterator[str]:
    """The metrics that only a load balancer has: its own answers."""
    if _by_target(count) or count.code < 500:
        return
    yield "HTTPCode_ELB_5XX_Count"
    if count.code in OWN_CODES:
        yield f"HTTPCode_ELB_{count.code}_Count"


def _by_target(count: Count) -> bool:
    return bool(count.cluster) and count.flags == "-"


def _point(metric: str, key: Key, total: int) -> dict[str, Any]:
    named = zip(("TargetGroup", "LoadBalancer"), key, strict=True)
    dimensions = [{"Name": name, "Value": value} for name, value in named if value]
    return {"MetricName": metric, "Dimensions": dimensions, "Value": float(total), "Unit": "Count"}
