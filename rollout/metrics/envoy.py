"""What slices answered, from the counters of the Envoy before them.

In: its admin page, the slices' clusters. Out: ticks of what each counter has risen by. Envoy's only past is what it
has counted since it began.

A counter that fell has begun anew, and what came in between is not known: its version is absent from that tick, and all
are when Envoy itself began anew. Requests of clients that left before an answer are not counted.
"""

import math
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rollout.clock import Clock
from rollout.errors import MetricsError
from rollout.metrics import page
from rollout.metrics.interface import Counts, Tick

STATS = r"^(server\.uptime|cluster\..*\.upstream_rq_(completed|[1-4]xx|time))$"
GOOD = ("1xx", "2xx", "3xx", "4xx")  # 1xx: connections that were upgraded
UPTIME = "server.uptime"


@dataclass(frozen=True)
class Read:
    """Since Envoy began: its counters by their names, and by cluster how many requests were slow."""

    counters: Mapping[str, int]
    slow: Mapping[str, int]


@dataclass(kw_only=True)
class EnvoySource:
    """Counts of `clusters` (version → cluster's name) from the Envoy whose admin page is at `url`.

    `ask`: another way to that page, given what is read and the path.

    `over`: seconds from which a request counts as slow, until the end of its answer; None: nobody asks. Envoy keeps
    times to two digits, so it has no more. It shows times at its next flush, some seconds after their requests: what is
    slow may be told in a later tick than its request.
    """

    url: str
    clock: Clock
    clusters: Mapping[str, str]
    over: float | None
    period: float = 1
    late: float = 0
    ask: Callable[[str, str], Any] | None = None
    _at: float | None = field(default=None, init=False)  # when was read last
    _last: Read = field(default=Read({}, {}), init=False)
    _owed: dict[str, int] = field(default_factory=dict, init=False)  # slow ones that no tick had room for, by version

    def poll(self) -> list[Tick]:
        """One tick, once a period has passed since the last one; none when Envoy began anew meanwhile."""
        now, before = self.clock.now(), self._at
        if before is not None and now - before < self.period:
            return []
        read = self._read()
        last, self._at, self._last = self._last, now, read
        if before is None or read.counters.get(UPTIME, 0) < last.counters.get(UPTIME, 0):
            self._owed.clear()
            return []
        counts = {version: self._risen(version, last, read) for version in self.clusters}
        known = {version: one for version, one in counts.items() if one}
        return [Tick(before, now, known)] if known else []

    def recent(self, seconds: float) -> Tick | None:  # noqa: ARG002  the interface's
        """All since Envoy began, since it keeps no shorter past; None before it counted anything."""
        now, read = self.clock.now(), self._read()
        nothing, up = Read(dict.fromkeys(read.counters, 0), {}), read.counters.get(UPTIME, 0)
        every = {version: self._risen(version, nothing, read) for version in self.clusters}
        self._owed.clear()
        known = {version: one for version, one in every.items() if one and one.total}
        return Tick(now - up, now, known) if known and up else None

    def _risen(self, version: str, before: Read, now: Read) -> Counts | None:
        """What was added; None when it fell, or was not there before."""
        cluster = _in_stats(self.clusters[version])
        completed, *good = (f"cluster.{cluster}.upstream_rq_{name}" for name in ("completed", *GOOD))
        if completed not in before.counters or completed not in now.counters:
            return None
        added = [now.counters.get(name, 0) - before.counters.get(name, 0) for name in (completed, *good)]
        slow = now.slow.get(cluster, 0) - before.slow.get(cluster, 0)
        if min(*added, slow) < 0:
            self._owed.pop(version, None)
            return None
        total, slow = added[0], slow + self._owed.get(version, 0)
        self._owed[version] = max(0, slow - total)
        return Counts(total, max(0, total - sum(added[1:])), min(slow, total))

    def _read(self) -> Read:
        what = f"read the counters of Envoy at {self.url}"
        over = _edge(self.over) if self.over is not None else math.inf
        terms = urllib.parse.urlencode({"format": "json", "histogram_buckets": "detailed", "filter": STATS})
        path = f"stats?{terms}"
        answer = self.ask(what, path) if self.ask else page.read(what, f"{self.url.rstrip('/')}/{path}")
        try:
            counters = {one["name"]: int(one["value"]) for one in answer["stats"] if "name" in one}
            times = [one for entry in answer["stats"] for one in entry.get("histograms", {}).get("details", ())]
            slow = {_cluster(one["name"]): _count(one["totals"], over) for one in times}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise MetricsError(f"{what}: the answer is not Envoy's: {str(answer)[: page.WORDS]}") from error
        known = {_cluster(name) for name in counters if name.endswith("completed")}
        if known.isdisjoint(map(_in_stats, self.clusters.values())):
            there = sorted(name for name in known if not name.endswith((".external", ".internal")))
            raise MetricsError(
                f"{what}: it has no cluster {', '.join(self.clusters.values())}; it has {', '.join(there) or 'none'}"
            )
        return Read(counters, slow)


def _in_stats(cluster: str) -> str:
    """The name of *cluster* as it stands in those of its stats."""
    return cluster.replace(":", "_")


def _cluster(stat: str) -> str:
    return stat.removeprefix("cluster.").rpartition(".upstream_rq_")[0]


def _count(bins: Iterable[Mapping[str, Any]], over: float) -> int:
    """How many took *over* milliseconds or longer."""
    return sum(int(one["count"]) for one in bins if one["lower_bound"] >= over)


def _edge(over: float) -> float:
    """*over* (seconds) in milliseconds; MetricsError when Envoy cannot tell what took so long."""
    wanted = round(1000 * over, 6)
    step = 10 ** (math.floor(math.log10(wanted)) - 1) if wanted >= 1 else 1.0
    below = math.floor(round(wanted / step, 6)) * step
    if not math.isclose(below, wanted):
        raise MetricsError(
            f"Envoy keeps times to two digits and cannot tell what takes longer than {wanted:g} ms; write {below:g} or "
            f"{below + step:g} ms"
        )
    return wanted
