"""What the charts of a report draw, as points: seconds since the walk began, and percent. Pure.

In: an entry of the journal. Out: shares held, rates with their bounds, single ticks; thinned where there are many.
"""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from rollout.journal import Entry
from rollout.shares import Shares
from rollout.summary import bad, bounds, of_step, pooled

COLUMNS = 400  # points of a line at the most
DOTS = 80  # points at the most that show single ticks

T = TypeVar("T")


def held(entry: Entry) -> list[tuple[float, Shares]]:
    """From when on which shares were live; the last point is where the time axis ends."""
    points = [(0.0, entry.start), *((step["at"] - entry.begun, step["shares"]) for step in entry.steps)]
    if entry.ended is not None and entry.live is not None:
        points.append((entry.ended - entry.begun, entry.live))
    return [*points, (until(entry), points[-1][1])]


def until(entry: Entry) -> float:
    """Seconds that the time axis shows: a little more than the walk took, so that its end can be seen."""
    return 1.04 * max(entry.heard - entry.begun, 1)


def cumulated(
    entry: Entry, ticks: Sequence[dict[str, Any]], versions: Sequence[str], gate: str
) -> Iterator[tuple[float, float, float, float]]:
    """Seconds, rate and bounds in percent, at the end of each of *ticks*; from the first request on."""
    count = total = 0
    for tick in ticks:
        seen = pooled([tick], versions)
        count, total = count + bad(seen, gate), total + seen.total
        if total:
            low, high = bounds(count, total)
            yield tick["end"] - entry.begun, 100 * count / total, 100 * low, 100 * high


def thinned(entry: Entry, points: list[T]) -> list[T]:
    """Every few of *points*, and the last one: a picture has only so many columns."""
    few = -(-len(entry.ticks) // COLUMNS)
    return points[::few] + (points[-1:] if (len(points) - 1) % few else [])


def dots(entry: Entry, versions: Sequence[str], gate: str) -> Iterator[tuple[float, float]]:
    """Seconds and rate in percent of every few ticks; never over two steps."""
    few = -(-len(entry.ticks) // DOTS)
    for number in range(len(entry.steps)):
        ticks = of_step(entry, number)
        for part in (ticks[at : at + few] for at in range(0, len(ticks), few)):
            seen = pooled(part, versions)
            if seen.total:
                yield (part[0]["begin"] + part[-1]["end"]) / 2 - entry.begun, 100 * bad(seen, gate) / seen.total
