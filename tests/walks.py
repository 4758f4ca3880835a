"""Walks as the journal has them: a second a tick, over 1, 5, 25, 50 and 100 %, with counts drawn from a seed."""

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from rollout import plan
from rollout.journal import Entry
from rollout.metrics.interface import Counts, Tick
from rollout.shares import WHOLE, Shares
from rollout.strategy import Gate, Latency, Strategy

BEGUN = datetime(2026, 11, 24, 12, 0, 3, tzinfo=UTC).timestamp()
NEEDS = {"alarm": math.log10(500), "clear": math.log10(40)}
LATENCY = Latency(over=0.3)

Rate = Callable[[float], float]


def flat(rate: float) -> Rate:
    """The same rate at any time."""
    return lambda _: rate


@dataclass
class Story:
    """How a walk goes: `requests` a second, the failure rates over the seconds since it began, by version."""

    rates: Mapping[str, Rate]
    start: Shares = field(default_factory=lambda: {"v1": WHOLE})
    goal: Shares = field(default_factory=lambda: {"v2": WHOLE})
    requests: float = 200
    bake: int = 12
    strategy: Strategy = field(default_factory=lambda: Strategy(bake=12, latency=LATENCY))
    run: str = "5f0c2a91"
    seed: int = 7

    def tell(self, until: float = math.inf) -> Entry:
        """The entry after all bakes, or when the evidence restored, or when *until* s were over; without an end."""
        chance = random.Random(self.seed)
        needs = {f"{v} {gate}": dict(NEEDS) for v in self._newcomers for gate in self.strategy.gates}
        entry = Entry(
            run=self.run,
            service="shop",
            stack="dev",
            owner="ada@laptop (pid 4711)",
            begun=BEGUN,
            start=self.start,
            goal=self.goal,
            strategy=asdict(self.strategy),
            needs=needs,
        )
        entry.lines.append({"at": BEGUN, "text": f"walk {self.run}: v1 100 → v2 100"})
        fractions = (*self.strategy.steps, WHOLE)
        evidence = {name: {"alarm": 0.0, "clear": 0.0} for name in needs}
        at = BEGUN + 1.4
        for step in plan.steps(self.start, self.goal, fractions):
            entry.step(at, step.done, step.shares)
            entry.lines.append({"at": at, "text": f"moved to {step.done / 10:g} % of the change"})
            for sides in evidence.values():
                sides["alarm"] = 0.0
            for second in range(1, self.bake + 1):
                if at + second - BEGUN > until:
                    return entry
                self._tick(entry, at + second, step.shares, evidence, chance)
                if any(sides["alarm"] >= NEEDS["alarm"] for sides in evidence.values()):
                    return entry
            at += self.bake + 0.6
        return entry

    @property
    def _newcomers(self) -> list[str]:
        return plan.gainers(self.start, self.goal)

    def _tick(
        self, entry: Entry, end: float, shares: Shares, evidence: dict[str, dict[str, float]], chance: random.Random
    ) -> None:
        counts = {}
        for version, share in shares.items():
            mean = self.requests * share / WHOLE
            total = max(0, round(chance.gauss(mean, math.sqrt(mean))))
            rate = self.rates[version](end - BEGUN)
            failed = sum(chance.random() < rate for _ in range(total))
            counts[version] = Counts(total, failed, sum(chance.random() < 0.01 for _ in range(total)))
        for name, sides in evidence.items():
            one = counts.get(name.split()[0], Counts(0, 0))
            bad = one.failed if name.endswith("errors") else one.slow
            allow = self.strategy.gates[name.split()[1]].allow
            sides["alarm"] += (bad * math.log(4) + (one.total - bad) * math.log1p(-3 * allow)) / math.log(10)
            sides["clear"] -= (bad * math.log(2) + (one.total - bad) * math.log1p(-allow)) / math.log(10)
        entry.tick(Tick(end - 1, end, counts), evidence)


def promoted() -> Entry:
    """A good newcomer, all the way."""
    entry = Story({"v1": flat(0.002), "v2": flat(0.002)}).tell()
    entry.end(entry.heard + 0.4, "promote", "v2 100 is live after 66.0 s", entry.goal)
    return entry


def restored() -> Entry:
    """A newcomer that turns bad after the step to 50 %."""

    def late(second: float) -> float:
        return 0.002 if second < 42 else 0.05

    entry = Story({"v1": flat(0.002), "v3": late}, goal={"v3": WHOLE}, run="9b1d77e0").tell()
    reason = "v3: 61 of 1,204 failed, v1: 12 of 8,733; worse by 5.0 points, e-value 4.1e6. Restored v1 100 after 0.3 s"
    entry.lines.append({"at": entry.heard, "text": reason})
    entry.end(entry.heard + 0.3, "restore", reason, entry.start)
    return entry


def inconclusive() -> Entry:
    """So little traffic that nothing could be shown by the deadline."""
    story = Story({"v1": flat(0.01), "v2": flat(0.01)}, requests=4, bake=40, run="c0ffee01")
    entry = story.tell(until=125)
    entry.end(entry.heard + 0.2, "inconclusive", "v2 was not cleared by the deadline. Restored v1 100", entry.start)
    return entry


def crashed() -> Entry:
    """Killed in the middle of the step to 25 %."""
    return Story({"v1": flat(0.002), "v2": flat(0.002)}, run="deadbeef").tell(until=33)


def pair() -> Entry:
    """Two newcomers at once, of which one is bad; a third version keeps its share; errors are the only gate."""
    story = Story(
        {"v1": flat(0.002), "v2": flat(0.001), "v3": flat(0.03), "old": flat(0.002)},
        start={"v1": 800, "old": 200},
        goal={"v2": 400, "v3": 400, "old": 200},
        strategy=Strategy(bake=12, errors=Gate()),
        run="0a0b0c0d",
    )
    entry = story.tell()
    entry.end(entry.heard + 0.3, "restore", "v3 is worse. Restored old 20 · v1 80", entry.start)
    return entry


def blind() -> Entry:
    """No gate judges counts, so there are no ticks; promoted on health."""
    strategy = Strategy(bake=12, errors=None)
    entry = Story({"v1": flat(0), "v2": flat(0)}, strategy=strategy, requests=0, run="b11d0000").tell()
    entry.ticks.clear()
    entry.end(entry.heard + 12, "promote", "v2 100 is live", entry.goal)
    return entry
