"""What a metric source promises: what slices answered, tick by tick, as counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Counts:
    """What one slice answered in one tick: requests, those that failed, those that were slow (0: nobody asked)."""

    total: int
    failed: int
    slow: int = 0


@dataclass(frozen=True)
class Tick:
    """From `begin` to `end` (unix seconds). A version of which the source had no word for this tick is absent."""

    begin: float
    end: float
    counts: Mapping[str, Counts]


class Source(Protocol):
    """`period`: seconds of a tick at least; `late`: seconds after its end until a tick is settled and shown.

    Each method raises MetricsError, with what was tried, when the source cannot be read.
    """

    period: float
    late: float

    def poll(self) -> list[Tick]:
        """The ticks that settled since the last call, oldest first; the first call begins the count."""
        ...

    def recent(self, seconds: float) -> Tick | None:
        """All that settled within the last *seconds*, or since it counts, as one tick; None when it has nothing."""
        ...
