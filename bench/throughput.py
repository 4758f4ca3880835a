"""As many requests a second as there can be: through what stands before the containers, beside directly to one.

In: a way that is set up, which is not to release meanwhile. Out: requests a second of wrk, by turns, and their ratio.
"""

import re
from dataclasses import dataclass
from statistics import median

from bench import debian
from bench.ground import BenchError
from bench.turns import Way
from rehearsal.command import run

CONNECTIONS = 16
FOUND = re.compile(r"Requests/sec:\s+([\d.]+)")
WRONG = re.compile(r"Non-2xx|Socket errors")


@dataclass(frozen=True)
class Throughput:
    """Medians of requests a second; `ratio` is the median of each turn's, `least` and `most` are its extremes."""

    way: str
    through: float
    direct: float
    ratio: float
    least: float
    most: float


def measure(way: Way, turns: int, seconds: int) -> Throughput:
    """Directly and through it, in turn, each for some *seconds*."""
    pairs = [(wrk(way.direct(), seconds), wrk(way.url, seconds)) for _ in range(turns)]
    ratios = [through / direct for direct, through in pairs]
    direct, through = (median(column) for column in zip(*pairs, strict=True))
    return Throughput(way.name, through, direct, median(ratios), min(ratios), max(ratios))


def wrk(url: str, seconds: int) -> float:
    """Requests a second that *url* answers with 2xx, as wrk finds; BenchError when anything else came."""
    done = run([*debian.wrk(), f"-c{CONNECTIONS}", "-t1", f"-d{seconds}s", url], seconds + 30)
    return parsed("\n".join(done.lines)) if done.failure is None else _fail(url, done.failure)


def parsed(text: str) -> float:
    """Requests a second in what wrk printed."""
    found = FOUND.search(text)
    if found is None or WRONG.search(text):
        raise BenchError(f"wrk: {text}")
    return float(found[1])


def _fail(url: str, why: str) -> float:
    raise BenchError(f"wrk {url}: {why}")
