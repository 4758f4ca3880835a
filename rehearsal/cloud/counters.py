"""Envoy's counters as the points that a real load balancer puts into CloudWatch.

In: what was read twice, and whose it is. Out: points of namespace AWS/ApplicationELB for what happened
between them. As with the real one: no point where nothing happened; what the balancer answers itself is no target's
code, and has no target group; a request for which no target was chosen is in no RequestCount; one that no target began
to answer has no TargetResponseTime. A real load balancer also has its metrics by availability zone.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from rehearsal.cloud.distribution import Seen
from rehearsal.cloud.tallies import Count, Time
from rollout.envoy.stats import EDGES

TIME = "TargetResponseTime"
OWN_CODES = (502, 503, 504)  # those of the balancer's own answers that have a metric each
NOT_CHOSEN = frozenset({"UH", "NC", "NR"})  # no healthy target, no such cluster, no rule: no target was chosen

T = TypeVar("T", Count, Time)
Key = tuple[str, str]  # dimensions: a target group's or "", and a load balancer's


@dataclass(frozen=True)
class Dimensions:
    """A target group as CloudWatch names it: `targetgroup/name/hash`, behind `app/name/hash`."""

    target_group: str
    load_balancer: str


@dataclass(frozen=True)
class Point:
    """What was seen of one metric: each request is a value, 1 of a count, and seconds of a time."""

    metric: str
    key: Key
    seen: Seen

    @property
    def unit(self) -> str:
        """CloudWatch's unit of the values."""
        return "Seconds" if self.metric == TIME else "Count"


@dataclass(frozen=True)
class Reading:
    """What was counted since Envoy started."""

    counts: list[Count] = field(default_factory=list)
    times: list[Time] = field(default_factory=list)


def points(before: Reading, now: Reading, groups: Mapping[str, Dimensions], balancer: Mapping[str, str]) -> list[Point]:
    """What happened from *before* to *now*.

    *groups* names clusters, *balancer* gives the `app/name/hash` of each listener. What neither knows is left out.
    """
    seen: defaultdict[tuple[str, Key], Counter[float]] = defaultdict(Counter)

    def add(one: Count | Time, metric: str, value: float = 1.0) -> None:
        if group := groups.get(one.cluster):
            seen[metric, (group.target_group, group.load_balancer)][value] += one.total
        add_own(one, metric, value)

    def add_own(one: Count | Time, metric: str, value: float = 1.0) -> None:
        if load_balancer := balancer.get(one.listener):
            seen[metric, ("", load_balancer)][value] += one.total

    for count in _since(before.counts, now.counts):
        for metric in _of_group(count):
            add(count, metric)
        for metric in _of_balancer(count):
            add_own(count, metric)
    for time in _since(before.times, now.times):
        add(time, TIME, _seconds(time.within))
    return [Point(metric, key, values) for (metric, key), values in sorted(seen.items())]


def _since(before: Iterable[T], now: Iterable[T]) -> Iterator[T]:
    """What was added to each counter; one that is smaller than before began anew."""
    past = {replace(one, total=0): one.total for one in before}
    for one in now:
        former = past.get(replace(one, total=0), 0)
        added = one.total - former if one.total >= former else one.total
        if added:
            yield replace(one, total=added)


def _of_group(count: Count) -> Iterator[str]:
    """The metrics that a target group and its load balancer have in common."""
    if not count.cluster or not NOT_CHOSEN.isdisjoint(count.flags.split(",")):
        return
    yield "RequestCount"
    if _by_target(count) and 200 <= count.code < 600:
        yield f"HTTPCode_Target_{count.code // 100}XX_Count"


def _of_balancer(count: Count) -> Iterator[str]:
    """The metrics that only a load balancer has: its own answers, and the clients that left before any."""
    if count.code == 0:
        yield "HTTPCode_ELB_4XX_Count"
    if _by_target(count) or count.code < 500:
        return
    yield "HTTPCode_ELB_5XX_Count"
    if count.code in OWN_CODES:
        yield f"HTTPCode_ELB_{count.code}_Count"


def _by_target(count: Count) -> bool:
    """Whether the code is the target's: nothing failed, or only after it had begun an answer that is no 5xx."""
    return bool(count.cluster) and (count.flags == "-" or 0 < count.code < 500)


def _seconds(within: float) -> float:
    """A time of the bucket that ends at *within*: its middle."""
    below = [edge for edge in EDGES if edge < within]
    return ((below[-1] if below else 0) + min(within, 2 * EDGES[-1])) / 2000
