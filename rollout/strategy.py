"""How a rollout goes on: steps, bakes, gates, deadlines; what the config says, in seconds and fractions. Pure data."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

ONE_MOVE: tuple[int, ...] = ()  # the steps of a rollout without any on the way


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What a newcomer may do wrong: `allow` a fraction of requests; `tolerate`, `reject` times the incumbent's rate;
    `alpha` the chance to restore a good one, `beta` to clear a bad one, each over the whole rollout.
    """

    allow: float = 0.005
    tolerate: float = 1.25
    reject: float = 2.0
    alpha: float = 0.01
    beta: float = 0.05


@dataclass(frozen=True, kw_only=True)
class Latency(Gate):
    """Requests slower than `over` seconds, counted as errors are; the first `warmup` seconds do not count."""

    over: float
    warmup: float = 10
    allow: float = 0.02


@dataclass(frozen=True)
class Freeze:
    """From `start` to `end` (both with a time zone; `end` excluded) no newcomer gains share."""

    start: datetime
    end: datetime
    reason: str


@dataclass(frozen=True, kw_only=True)
class Strategy:
    """`ready`, `bake`, `deadline` in seconds; `steps`, `prove_by` in tenths of a percent of the change, 1000 implied.

    A step lasts at least `bake`, and after the last one there is one more; the whole at most `deadline` from the first
    move on. Up to the step `prove_by` no alarm is enough; beyond it goes only what every gate has cleared. `migrate`
    brings the data to a newer schema before a newcomer that writes it gets any share.
    """

    ready: float = 300
    steps: tuple[int, ...] = (10, 50, 250, 500)
    bake: float = 60
    deadline: float = 1800
    prove_by: int = 250
    errors: Gate | None = Gate()
    latency: Latency | None = None
    command: tuple[str, ...] = ()
    migrate: tuple[str, ...] = ()
    instant: bool = True
    on_inconclusive: Literal["restore", "hold"] = "restore"
    freeze: tuple[Freeze, ...] = ()

    @property
    def gates(self) -> dict[str, Gate]:
        """The gates that judge counts, by name."""
        both = {"errors": self.errors, "latency": self.latency}
        return {name: gate for name, gate in both.items() if gate}
