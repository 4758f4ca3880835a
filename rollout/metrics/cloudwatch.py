"""What target groups answered, from CloudWatch as an Application Load Balancer fills it.

In: boto3's client, the slices' target groups, their load balancer. Out: ticks of whole periods.

What the load balancer answers itself, because a target reset the connection or timed out, is in no code of a target
group; so what failed is all requests without those that a target answered with 2xx, 3xx or 4xx. It is never more than
targets and load balancer say they failed: a point that is late, or an upgraded connection, which has no code, is no
failure. Where nothing happened there is no point, and where it is late there is none either: so an absent one is zero
only where the load balancer itself has one. Isolation traffic counts too.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rollout.aws import asked, pages
from rollout.clock import Clock
from rollout.errors import MetricsError, RouterError
from rollout.metrics.interface import Counts, Tick

NAMESPACE = "AWS/ApplicationELB"
TOTAL, TIME = "RequestCount", "TargetResponseTime"
GOOD = tuple(f"HTTPCode_Target_{first}XX_Count" for first in "234")
FAULTS = "HTTPCode_Target_5XX_Count"
OWN = ("HTTPCode_ELB_4XX_Count", "HTTPCode_ELB_5XX_Count")  # its own answers; 4xx: also where a client gave up waiting
MINUTE = 60
MOST = 500  # queries that one GetMetricData takes
PATIENCE = 900.0  # seconds for which a period without a point is asked for again

Asked = tuple[str, str, str]  # a version, or "" for the load balancer; a metric; a statistic
Points = Mapping[Asked, Mapping[float, float]]  # values by the unix seconds at which their periods begin


@dataclass(kw_only=True)
class CloudWatchSource:
    """Counts of `groups` (version → target group) behind `balancer`, all by ARN; `over`: seconds beyond which a request
    counts as slow, None: nobody asks.

    A real load balancer's points are minutes; `period` is theirs or a multiple. How long a request took is until its
    answer began, and what failed at the load balancer took no time.
    """

    cloudwatch: Any
    clock: Clock
    groups: Mapping[str, str]
    balancer: str
    over: float | None
    period: float = 60
    late: float = 120
    _next: float | None = field(default=None, init=False)  # where the next tick begins
    _asked: float = field(default=0.0, init=False)  # up to where was asked

    def poll(self) -> list[Tick]:
        """The periods that settled since the last call, asked for at once; where none can have, nobody is asked.

        A period of which there is no word is asked for again with the next ones, until a later one has been seen.
        """
        if self._next is None:
            self._next = math.ceil(self.clock.now() / self.period) * self.period
            return []
        settled = self._settled()
        if settled <= max(self._next, self._asked):
            return []
        ticks = list(self._read(self._next, settled))
        self._asked = settled
        self._next = max(ticks[-1].end if ticks else self._next, settled - self._periods(PATIENCE))
        return ticks

    def recent(self, seconds: float) -> Tick:
        """The sums of the settled periods within the last *seconds*, from the first with any request on."""
        end = self._settled()
        begin = end - self._periods(seconds)
        ticks = list(self._read(begin, end))
        sums: dict[str, Counts] = {}
        for version, one in (item for tick in ticks for item in tick.counts.items()):
            held = sums.get(version, Counts(0, 0))
            sums[version] = Counts(held.total + one.total, held.failed + one.failed, held.slow + one.slow)
        return Tick(ticks[0].begin if ticks else begin, end, sums)

    def _settled(self) -> float:
        """Until when all is settled by now."""
        return (self.clock.now() - self.late) // self.period * self.period

    def _periods(self, seconds: float) -> float:
        """*seconds* in whole periods, one at least."""
        return max(1, seconds // self.period) * self.period

    def _read(self, begin: float, end: float) -> Iterator[Tick]:
        """The ticks from *begin* to *end* of which there is any word; both are whole periods."""
        points = self._points(begin, end)
        for number in range(round((end - begin) / self.period)):
            at = begin + number * self.period
            known = at in points["", TOTAL, "Sum"]
            versions = [one for one in self.groups if known or at in points[one, TOTAL, "Sum"]]
            if versions:
                yield Tick(at, at + self.period, {one: self._counts(points, one, at) for one in versions})

    def _counts(self, points: Points, version: str, at: float) -> Counts:
        def seen(metric: str, stat: str = "Sum", of: str = version) -> float:
            return points[of, metric, stat].get(at, 0.0)

        total, good = seen(TOTAL), sum(seen(metric) for metric in GOOD)
        most = seen(FAULTS) + sum(seen(metric, of="") for metric in OWN)
        slow = seen(TIME, self._rank) / 100 * seen(TIME, "SampleCount") if self.over is not None else 0
        return Counts(round(total), round(max(0, min(total - good, most))), round(min(slow, total)))

    @property
    def _rank(self) -> str:
        """The statistic that is the percentage of times above `over`."""
        return f"PR({self.over:.10f}".rstrip("0").rstrip(".") + ":)"

    def _points(self, begin: float, end: float) -> Points:
        """All that is asked for, by what it is; MetricsError when AWS refuses."""
        wanted = {f"m{number}": one for number, one in enumerate(self._wanted())}
        queries = [self._query(name, *one) for name, one in wanted.items()]
        span = {"StartTime": datetime.fromtimestamp(begin, UTC), "EndTime": datetime.fromtimestamp(end, UTC)}
        found: defaultdict[Asked, dict[float, float]] = defaultdict(dict)
        for first in range(0, len(queries), MOST):
            for one in self._answers(MetricDataQueries=queries[first : first + MOST], **span):
                times = (at.timestamp() // self.period * self.period for at in one["Timestamps"])
                found[wanted[one["Id"]]].update(zip(times, one["Values"], strict=True))
        return found

    def _answers(self, **query: Any) -> list[dict[str, Any]]:
        what = f"read the counts of {', '.join(self.groups)} from CloudWatch"
        try:
            answers = pages(what, self.cloudwatch, "get_metric_data", "MetricDataResults", **query)
        except RouterError as error:
            raise MetricsError(str(error)) from error
        for one in answers:
            if one["StatusCode"] in ("InternalError", "Forbidden"):
                said = "; ".join(message["Value"] for message in one.get("Messages", ()))
                raise MetricsError(f"{what}: {one['StatusCode']} for {one['Label']} {said}".rstrip())
        return answers

    def _wanted(self) -> Iterator[Asked]:
        yield from (("", metric, "Sum") for metric in (TOTAL, *OWN))
        for version in self.groups:
            yield from ((version, metric, "Sum") for metric in (TOTAL, *GOOD, FAULTS))
            if self.over is not None:
                yield from ((version, TIME, stat) for stat in (self._rank, "SampleCount"))

    def _query(self, name: str, version: str, metric: str, stat: str) -> dict[str, Any]:
        named = dimensions(self.balancer, self.groups[version] if version else None)
        of = {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": named}
        return {"Id": name, "MetricStat": {"Metric": of, "Period": int(self.period), "Stat": stat}}


def dimensions(balancer: str, group: str | None = None) -> list[dict[str, str]]:
    """The dimensions of *balancer*'s metrics, or of those of target group *group* behind it; both by ARN."""
    of_balancer = {"Name": "LoadBalancer", "Value": balancer.partition(":loadbalancer/")[2]}
    of_group = [{"Name": "TargetGroup", "Value": group.rsplit(":", maxsplit=1)[-1]}] if group else []
    return [*of_group, of_balancer]


def requests(cloudwatch: Any, balancer: str, group: str, start: float, end: float) -> int:
    """How many requests target group *group* behind load balancer *balancer* (ARNs) got from *start* to *end*.

    Unix seconds. The points are minutes, so a request up to a minute before *start* may be counted; CloudWatch has no
    point where there was no request, and shows what there was some minutes late. RouterError when AWS refuses.
    """
    answer = asked(
        "read the request count",
        lambda: cloudwatch.get_metric_statistics(
            Namespace=NAMESPACE,
            MetricName=TOTAL,
            Dimensions=dimensions(balancer, group),
            StartTime=datetime.fromtimestamp(start, UTC),
            EndTime=datetime.fromtimestamp(end, UTC),
            Period=MINUTE,
            Statistics=["Sum"],
        ),
    )
    return int(sum(point["Sum"] for point in answer["Datapoints"]))
