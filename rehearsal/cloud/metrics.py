"""The points of the rehearsal's load balancers, as CloudWatch keeps them.

In: what was seen within each second. Out: what is shown by now of periods. A real load balancer's points are minutes;
here they are seconds, so that a rehearsal may use a shorter period. As CloudWatch keeps seconds, they are there for
three hours and are minutes afterwards.
"""

import math
import threading
from collections import Counter
from collections.abc import Iterable

from rehearsal.cloud.counters import Key, Point
from rehearsal.cloud.distribution import Seen

KEPT = 3 * 3600  # seconds until seconds become minutes
MINUTE = 60

Series = tuple[str, Key]  # a metric and its dimensions


class Metrics:
    """One cloud's points, in memory. For any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[Series, dict[int, Counter[float]]] = {}
        self._units: dict[Series, str] = {}
        self._folded = 0

    def put(self, second: int, points: Iterable[Point]) -> None:
        """Add what was seen within the *second* that begins then (unix)."""
        with self._lock:
            for point in points:
                self._units[point.metric, point.key] = point.unit
                held = self._seen.setdefault((point.metric, point.key), {})
                held.setdefault(second, Counter()).update(point.seen)
            if second - self._folded >= MINUTE:
                self._fold((second - KEPT) // MINUTE * MINUTE)
                self._folded = second

    def _fold(self, before: int) -> None:
        for held in self._seen.values():
            for second in [one for one in held if one < before and one % MINUTE]:
                held.setdefault(second // MINUTE * MINUTE, Counter()).update(held.pop(second))

    def series(self) -> dict[Series, str]:
        """Every metric that has a point, with its unit."""
        with self._lock:
            return dict(self._units)

    def periods(self, of: Series, begin: int, end: int, period: int, shown: float) -> dict[int, Seen]:
        """What was seen in each *period* that begins from *begin* on and before *end*, oldest first, by its begin.

        Of seconds that were not over when it was *shown*, nothing is; a period without anything is not there.
        """
        found: dict[int, Counter[float]] = {}
        until = begin + -(-(end - begin) // period) * period  # the last period ends there, as a whole
        span = range(begin, min(until, math.floor(shown)))
        with self._lock:
            held = self._seen.get(of, {})
            for second in span if len(span) < len(held) else held:
                if second in held and second in span:
                    at = begin + (second - begin) // period * period
                    found.setdefault(at, Counter()).update(held[second])
        return dict(sorted(found.items()))
