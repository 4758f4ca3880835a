"""One release under load, and what many of them come to. Pure but for `play`.

In: a way to release, load. Out: a `Turn` a release; sums, medians and ratios of turns.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Protocol

from bench.ground import BenchError
from rehearsal.load import Answer, Load, dropped, own

CONNECTIONS = 8
LEAD = 1.0  # seconds of load before a release, and after one
LOOK = 0.05
LAST = 60.0  # seconds until the new release has to answer


@dataclass(frozen=True)
class Stamps:
    """Seconds of a newcomer's container from `docker run` to its return, and from there to its first healthy answer;
    unix seconds when the traffic was asked to move. 0 where nobody can tell.
    """

    start: float = 0.0
    ready: float = 0.0
    asked: float = 0.0


class Way(Protocol):
    """A way to release. `url`: where clients ask; `direct`: the container's own address."""

    name: str
    url: str

    def up(self, version: str) -> None:
        """Set everything up, with *version* serving."""
        ...

    def release(self, version: str) -> Stamps:
        """Give *version* all the traffic, and take away what it replaced."""
        ...

    def direct(self) -> str:
        """The address of the container that serves now."""
        ...

    def lift(self) -> None:
        """Let the container that serves now use every processor."""
        ...

    def down(self) -> None:
        """Take away what is left."""
        ...


@dataclass(frozen=True)
class Turn:
    """One release: requests meanwhile and how many of them failed; seconds that it took, and until the first request
    that the newcomer answered was sent, from the command and from when the traffic was asked to move (0: unknown).
    """

    way: str
    requests: int
    failed: int
    seconds: float
    stamps: Stamps
    first: float
    moved: float


@dataclass(frozen=True)
class Sums:
    """Of one way's turns. `releases` and `failures` are a turn's each; `million`: failed requests per million."""

    requests: int
    failed: int
    million: float
    releases: Sequence[float]
    failures: Sequence[int]


def play(way: Way, version: str, rate: float, requests: int) -> Turn:
    """Release *version* by *way* under load of *rate* requests a second; the load goes on for *requests* at least."""
    load = Load(way.url, CONNECTIONS, rate)
    load.start()
    try:
        time.sleep(LEAD)
        begun = time.time()
        stamps = way.release(version)
        ended = time.time()
        while time.time() < ended + LEAD or len(load.answers) < requests:
            if time.time() > ended + LAST + requests / rate:
                raise BenchError(f"{way.name}: the load does not keep up with {rate:g} requests a second")
            time.sleep(LOOK)
    finally:
        answers = load.stop()
    return turn(way.name, version, answers, (begun, ended), stamps)


def turn(way: str, version: str, answers: Sequence[Answer], at: tuple[float, float], stamps: Stamps) -> Turn:
    """What came of a release of *version* from and to the times *at*; BenchError when it answers nothing."""
    begun, ended = at
    new = own(answers, version)
    if not new:
        raise BenchError(f"{way}: nobody was answered by {version}")
    first = min(answer.at for answer in new)
    moved = first - stamps.asked if stamps.asked else 0.0
    return Turn(way, len(answers), len(dropped(answers)), ended - begun, stamps, first - begun, moved)


def sums(turns: Iterable[Turn]) -> Sums:
    """What the turns of one way come to."""
    every = list(turns)
    requests, failed = sum(one.requests for one in every), sum(one.failed for one in every)
    million = 1_000_000 * failed / requests
    return Sums(requests, failed, million, [one.seconds for one in every], [one.failed for one in every])


def floor(turns: Iterable[Turn], drain: float) -> float:
    """Seconds that no release can do without: a container's start, the app's being ready, and *drain*."""
    return median(one.stamps.start + one.stamps.ready for one in turns if one.stamps.start) + drain
