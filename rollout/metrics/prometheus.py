"""What slices answered, from a Prometheus that scrapes them or what stands before them.

In: PromQL of counters that rise, `{version}` in it for the release. Out: ticks of what each has risen by.

A counter that fell has begun anew, and what came in between is not known: its version is absent from that tick. Inside
a sum over several processes a fall may hide behind the others' rise. What has no series has no word.
"""

import math
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from rollout.clock import Clock
from rollout.errors import MetricsError
from rollout.metrics import page
from rollout.metrics.interface import Counts, Tick

SCRAPE = 1.0  # seconds that a scrape may take until what it saw is there

Read = dict[str, tuple[float, ...]]  # total, failed and slow since ever, by version


@dataclass(kw_only=True)
class PrometheusSource:
    """Counts of `versions` from the Prometheus at `url`; `slow`: None where nobody asks.

    `period`: seconds between two scrapes. What Prometheus knows of a moment may be as old as one, so each tick is told
    so much earlier than it was read, and no request in it is from before its begin.
    """

    url: str
    clock: Clock
    versions: Sequence[str]
    total: str
    failed: str
    slow: str | None = None
    period: float = 15
    late: float = field(init=False)
    _at: float | None = field(default=None, init=False)  # when was read last
    _last: Read = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.late = self.period + SCRAPE

    def poll(self) -> list[Tick]:
        """One tick, once a period has passed since the last one."""
        now, before = self.clock.now(), self._at
        if before is not None and now - before < self.period:
            return []
        read = self._read(now)
        former, self._at, self._last = self._last, now, read
        counts = _risen(former, read)
        return [Tick(before - self.late, now - self.late, counts)] if before is not None and counts else []

    def recent(self, seconds: float) -> Tick:
        """What each has risen by within *seconds*, as far as it has not fallen."""
        now = self.clock.now()
        return Tick(now - seconds - self.late, now - self.late, _risen(self._read(now - seconds), self._read(now)))

    def _read(self, at: float) -> Read:
        """All counters as of *at*; a version without a total is left out."""
        found: Read = {}
        for version in self.versions:
            ask = partial(self._value, version=version, at=at)
            total = ask(self.total)
            if total is not None:
                found[version] = (
                    total,
                    *(self._part(ask(one), one, version) for one in (self.failed, self.slow) if one),
                )
        return found

    def _part(self, value: float | None, query: str, version: str) -> float:
        if value is None:
            raise MetricsError(
                f"{_of(query, version)} has no result, though there are requests; where it may have none yet, write "
                f"({query}) or vector(0)"
            )
        return value

    def _value(self, query: str, *, version: str, at: float) -> float | None:
        """What *query* says, which has to be one number; None where it says nothing."""
        asked = _of(query, version)
        what = f"ask Prometheus for {asked}"
        terms = urllib.parse.urlencode({"query": asked, "time": f"{at:.3f}"})
        answer = page.read(what, f"{self.url.rstrip('/')}/api/v1/query?{terms}")
        try:
            if answer["status"] != "success":
                raise MetricsError(f"{what}: {answer.get('error', answer)}")
            kind, result = answer["data"]["resultType"], answer["data"]["result"]
            values = [float(one) for one in ([result[1]] if kind == "scalar" else [one["value"][1] for one in result])]
        except (KeyError, TypeError, IndexError, ValueError) as error:
            raise MetricsError(f"{what}: the answer is not Prometheus's: {str(answer)[: page.WORDS]}") from error
        if len(values) > 1:
            raise MetricsError(f"{what}: it is {len(values)} series; write sum(…) around it")
        if not values:
            return None
        if not math.isfinite(values[0]):
            raise MetricsError(f"{what}: it is {values[0]}, which is no count")
        return values[0]


def _of(query: str, version: str) -> str:
    return query.replace("{version}", version)


def _risen(before: Read, now: Read) -> dict[str, Counts]:
    """What was added, of the versions that were there before and did not fall."""
    found = {}
    for version, values in now.items():
        former = before.get(version)
        if former is None or any(value < old for value, old in zip(values, former, strict=True)):
            continue
        total, failed, *slow = (round(value - old) for value, old in zip(values, former, strict=True))
        found[version] = Counts(total, min(failed, total), min(sum(slow), total))
    return found
