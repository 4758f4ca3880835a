"""The judge beside two other rules, on the same seeded streams: `python -m bench.judge`.

False alarms, detections, how long they take, and what customers pay meanwhile: failed requests that the newcomer served
until it was restored, or to the end. A constant share, so that nothing but the rule differs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.baselines import NEVER, mann_whitney, threshold
from rollout.judge import Judge
from rollout.strategy import Gate

STREAMS, MINUTES, TICK = 300, 100, 5  # seconds of a tick
RATE, SHARE = 50, 0.1  # requests a second; the newcomer's part
GATE = Gate()


@dataclass(frozen=True)
class Case:
    """The incumbent fails `old` of its requests, the newcomer `new`; in clumps of `size` at the newcomer."""

    name: str
    old: float
    new: float
    size: int = 1
    swings: bool = False


CASES = (
    Case("good, 0.1 % fail", 0.001, 0.001),
    Case("good, 1 % fail", 0.01, 0.01),
    Case("good, both swing 0.2 to 5 %", 0.01, 0.01, swings=True),
    Case("good, 1 % in clumps of 20", 0.01, 0.01, 20),
    Case("1 → 2 %", 0.01, 0.02),
    Case("1 → 5 %", 0.01, 0.05),
    Case("1 → 20 %", 0.01, 0.20),
    Case("0.1 → 5 %", 0.001, 0.05),
    Case("1 → 5 % in clumps of 5", 0.01, 0.05, 5),
)


@dataclass(frozen=True)
class Streams:
    """Failed and total of newcomer (x, n) and incumbent (y, m), by stream and tick."""

    x: np.ndarray
    n: np.ndarray
    y: np.ndarray
    m: np.ndarray

    def minutes(self) -> "Streams":
        """The same by minute."""
        each = (a.reshape(len(a), -1, 60 // TICK).sum(2) for a in (self.x, self.n, self.y, self.m))
        return Streams(*each)


def streams(case: Case, seed: int = 1) -> Streams:
    """What clients of *case* get."""
    random = np.random.default_rng(seed)
    shape = (STREAMS, MINUTES * 60 // TICK)
    total = random.poisson(RATE * TICK, shape)
    n = random.binomial(total, SHARE)
    m = total - n
    wave = 5 ** np.sin(2 * np.pi * np.arange(shape[1]) * TICK / 600) if case.swings else np.ones(shape[1])
    old, new = case.old * wave, np.minimum(1, case.new * wave)
    x = np.minimum(random.poisson(n * new / case.size) * case.size, n) if case.size > 1 else random.binomial(n, new)
    return Streams(x, n, random.binomial(m, old), m)


def judged(of: Streams, *, guarded: bool) -> np.ndarray:
    """The minute, with decimals, in which the shipped judge restored; NEVER where it did not."""
    judge = Judge(GATE, alpha=GATE.alpha, beta=GATE.beta, streams=STREAMS, guarded=guarded)
    when = np.full(STREAMS, float(NEVER))
    for tick in range(of.x.shape[1]):
        judge.see(of.x[:, tick], of.y[:, tick], of.n[:, tick], of.m[:, tick])
        when = np.where(judge.restores & (when == NEVER), (tick + 1) * TICK / 60, when)
    return when


RULES: Mapping[str, Callable[[Streams], np.ndarray]] = {
    "judge": lambda of: judged(of, guarded=True),
    "judge, bare": lambda of: judged(of, guarded=False),
    "threshold 5 %": lambda of: threshold(of.minutes().x, of.minutes().n, 0.05),
    "threshold 1 %": lambda of: threshold(of.minutes().x, of.minutes().n, 0.01),
    "Mann-Whitney": lambda of: mann_whitney(of.minutes().x, of.minutes().n, of.minutes().y, of.minutes().m),
}


def hurt(of: Streams, when: np.ndarray) -> np.ndarray:
    """Failed requests that each newcomer served until it was restored."""
    until = np.minimum(when * 60 / TICK, of.x.shape[1]).astype(int)
    return np.take_along_axis(np.cumsum(of.x, 1), np.maximum(until - 1, 0)[:, None], 1)[:, 0]


def durations(console: Console) -> None:
    """How long a good newcomer takes to be cleared, with shares of 1, 5, then 25 % and bakes of a minute."""
    table = Table("requests/s", "0 % fail", "0.1 %", "1 %", title="Minutes until cleared: median, 90 %")
    random = np.random.default_rng(2)
    for rate in (10, 50, 200, 1000):
        cells = []
        for failing in (0.0, 0.001, 0.01):
            judge = Judge(GATE, alpha=GATE.alpha, beta=GATE.beta, streams=STREAMS)
            when = np.full(STREAMS, np.inf)
            for tick in range(MINUTES * 60 // TICK):
                share = 0.01 if tick < 12 else 0.05 if tick < 24 else 0.25
                total = random.poisson(rate * TICK, STREAMS)
                n = random.binomial(total, share)
                judge.see(random.binomial(n, failing), random.binomial(total - n, failing), n, total - n)
                when = np.where(judge.clears & np.isinf(when), (tick + 1) * TICK / 60, when)
            cells.append(", ".join(f"{value:.0f}" if np.isfinite(value) else f">{MINUTES}" for value in _spread(when)))
        table.add_row(f"{rate}", *cells)
    console.print(table)


def _spread(values: np.ndarray) -> tuple[float, float]:
    ordered = np.sort(values)
    return float(ordered[len(ordered) // 2]), float(ordered[len(ordered) * 9 // 10])


def main() -> None:
    """Print the tables."""
    console = Console(width=120)
    console.print(
        f"{STREAMS} streams of {MINUTES} minutes, {RATE} requests/s, {SHARE:.0%} to the newcomer; gate {GATE}"
    )
    table = Table("case", "rule", "restored", "minutes (median)", "failed requests served (median)")
    for case in CASES:
        of = streams(case)
        for name, rule in RULES.items():
            when = rule(of)
            found = when < NEVER
            minutes = f"{np.median(when[found]):.1f}" if found.any() else "-"
            table.add_row(case.name, name, f"{found.mean():.1%}", minutes, f"{np.median(hurt(of, when)):.0f}")
        table.add_section()
    console.print(table)
    durations(console)


if __name__ == "__main__":
    main()
