"""CloudWatch's statistics of the values that were seen in one period. Pure.

In: values and how often each was seen; the name of a statistic. Out: its value. Times come in buckets, so that what
depends on where in a bucket they are is no more exact than these; at a bucket's edge it is.
"""

import re
from collections.abc import Callable, Mapping
from itertools import accumulate

Seen = Mapping[float, int]  # how often, by value

SIMPLE: Mapping[str, Callable[[Seen], float]] = {
    "SampleCount": lambda seen: float(sum(seen.values())),
    "Sum": lambda seen: sum(value * times for value, times in seen.items()),
    "Average": lambda seen: sum(value * times for value, times in seen.items()) / sum(seen.values()),
    "Minimum": min,
    "Maximum": max,
}
NUMBER = r"\d+(?:\.\d{1,10})?"
PERCENTILE = re.compile(rf"p({NUMBER})")
RANGE = re.compile(rf"(PR|TC)\((-?{NUMBER})?:(-?{NUMBER})?\)")
# What CloudWatch knows and the rehearsal does not.
OTHERS = re.compile(rf"(tm|wm|tc|ts)({NUMBER})|IQM|(TM|WM|TC|TS)\((-?{NUMBER}%?)?:(-?{NUMBER}%?)?\)")


class StatisticError(ValueError):
    """There is no such statistic, or none that is known here; the message says which of both."""


def statistic(name: str) -> Callable[[Seen], float]:
    """What statistic *name* makes of the values of a period, of which there is one at least; else StatisticError."""
    if name in SIMPLE:
        return SIMPLE[name]
    if (found := PERCENTILE.fullmatch(name)) and float(found[1]) <= 100:
        part = float(found[1]) / 100
        return lambda seen: _percentile(seen, part)
    if (found := RANGE.fullmatch(name)) and (found[2] or found[3]):
        kind, low, high = found[1], float(found[2] or "-inf"), float(found[3] or "inf")
        return lambda seen: _within(seen, low, high) * (100 / sum(seen.values()) if kind == "PR" else 1)
    if OTHERS.fullmatch(name):
        raise StatisticError(f"The rehearsal does not know the statistic {name}, which CloudWatch does.")
    raise StatisticError("is not a valid statistic.")


def _within(seen: Seen, low: float, high: float) -> float:
    """How many values are above *low* and not above *high*."""
    return float(sum(times for value, times in seen.items() if low < value <= high))


def _percentile(seen: Seen, part: float) -> float:
    """The least value that is not below *part* of all."""
    wanted = part * sum(seen.values())
    values = sorted(seen)
    up_to = accumulate(seen[value] for value in values)
    return next(value for value, times in zip(values, up_to, strict=True) if times >= wanted)
