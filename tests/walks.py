"""Walks as the journal has them: a second a tick, over 1, 5, 25, 50 and 100 %, with counts drawn from a seed."""

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from rollout import plan
from rollout.journal import Entry
from rollout.jury import Jury
from rollout.metrics.interface import Counts, Tick
from rollout.shares import WHOLE, Shares, text
from rollout.strategy import Latency, Strategy

BEGUN = datetime(2026, 11, 24, 12, 0, 3, tzinfo=UTC).timestamp()
LATE = 3.0  # seconds until a tick is seen

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
    requests: float = 400
    strategy: Strategy = field(default_factory=lambda: Strategy(bake=12, latency=Latency(over=0.3, warmup=5)))
    run: str = "5f0c2a91"
    seed: int = 7

    def tell(self, until: float = math.inf) -> Entry:
        """The entry after all bakes, or after *until* seconds; without an end."""
        chance = random.Random(self.seed)
        entry = Entry(
            run=self.run,
            service="shop",
            stack="dev",
            owner="ada@laptop (pid 4711)",
            begun=BEGUN,
            start=self.start,
            goal=self.goal,
            strategy=asdict(self.strategy),
        )
        steps = plan.steps(self.start, self.goal, self.strategy.steps)
        jury = self._jury(entry, len(steps))
        at = BEGUN + 1.5
        self._say(entry, BEGUN, f"walk {self.run}: {text(self.start)} → {text(self.goal)}")
        for step in steps:
            self._say(entry, at, f"moved: {text(step.shares)} (read back after 0.1 s)")
            entry.step(at, step.done, step.shares)
            if step.done == WHOLE and not any(self.goal.get(v) for v in plan.losers(self.start, self.goal)):
                jury = self._jury(entry, len(steps), jury)
            jury.fresh(step.shares, at)
            for second in range(round(self.strategy.bake)):
                end = at + 1.5 + second
                if end + LATE - BEGUN > until:
                    return entry
                jury.see(tick := self._tick(end, step.shares, chance))
                entry.tick(tick, jury.evidence())
            at += self.strategy.bake + LATE
            self._say(entry, at, f"{step.done / 10:g} %  {jury.line()} · {at - entry.steps[-1]['at']:.0f} s of 12 s")
        return entry

    def _jury(self, entry: Entry, stages: int, after: Jury | None = None) -> Jury:
        sides = plan.gainers(self.start, self.goal), plan.losers(self.start, self.goal)
        jury = Jury(self.strategy, *sides, stages, after=after)
        entry.needs = jury.needs()
        return jury

    def _say(self, entry: Entry, at: float, line: str) -> None:
        entry.lines.append({"at": at, "text": line})

    def _tick(self, end: float, shares: Shares, chance: random.Random) -> Tick:
        counts = {}
        for version, share in shares.items():
            mean = self.requests * share / WHOLE
            total = max(0, round(chance.gauss(mean, math.sqrt(mean))))
            rate = self.rates[version](end - BEGUN)
            failed = sum(chance.random() < rate for _ in range(total))
            counts[version] = Counts(total, failed, sum(chance.random() < 0.004 for _ in range(total)))
        return Tick(end - 1, end, counts)


def promoted() -> Entry:
    """A good newcomer, all the way."""
    entry = Story({"v1": flat(0.002), "v2": flat(0.002)}).tell()
    entry.end(entry.heard + 0.4, "promote", "v2 100 is live", entry.goal)
    return entry


def restored() -> Entry:
    """A newcomer that turns bad after the step to 50 %."""

    def late(second: float) -> float:
        return 0.002 if second < 50 else 0.05

    entry = Story({"v1": flat(0.002), "v3": late}, goal={"v3": WHOLE}, run="9b1d77e0").tell(until=58)
    reason = (
        "v3: 61 of 1,204 failed, 2 slow, v1: 2 of 1,230 failed, 5 slow; worse by 4.9 points, e-value 4.1e6. "
        "Restored v1 100 after 55.3 s"
    )
    entry.end(entry.heard + LATE, "restore", reason, entry.start)
    return entry


def inconclusive() -> Entry:
    """So little traffic that nothing could be shown by the deadline."""
    strategy = Strategy(bake=40, latency=Latency(over=0.3))
    story = Story({"v1": flat(0.01), "v2": flat(0.01)}, requests=4, strategy=strategy, run="c0ffee01")
    entry = story.tell(until=125)
    reason = "neither good nor bad by the deadline: v2 errors 4 % proven. Restored v1 100 after 125.2 s"
    entry.end(entry.heard + LATE, "inconclusive", reason, entry.start)
    return entry


def crashed() -> Entry:
    """Killed in the middle of the step to 25 %."""
    return Story({"v1": flat(0.002), "v2": flat(0.002)}, run="deadbeef").tell(until=42)


def stopped() -> Entry:
    """An operator had enough of it at 5 %."""
    entry = Story({"v1": flat(0.002), "v2": flat(0.002)}, run="57099ed0").tell(until=25)
    entry.end(entry.heard + 1, "restore", "stopped by the operator. Restored v1 100 after 23.4 s", entry.start)
    return entry


def unhealthy() -> Entry:
    """A newcomer that never became healthy: nothing was moved."""
    entry = Story({"v1": flat(0), "v2": flat(0)}, run="51c00000").tell(until=0)
    entry.steps.clear()
    entry.lines.append({"at": BEGUN + 300, "text": "v2: 1 of 2 healthy (1 Target.Timeout) · 300 s of 300 s"})
    reason = "v2: 1 of 2 healthy (1 Target.Timeout) after 300 s. v1 100 stays live: nothing was moved; after 300.4 s"
    entry.end(BEGUN + 300.4, "restore", reason, entry.start)
    return entry


def pair() -> Entry:
    """Two newcomers at once, of which one is bad; a third version keeps its share; errors are the only gate."""
    story = Story(
        {"v1": flat(0.002), "v2": flat(0.001), "v3": flat(0.05), "old": flat(0.002)},
        start={"v1": 800, "old": 200},
        goal={"v2": 400, "v3": 400, "old": 200},
        strategy=Strategy(bake=12),
        run="0a0b0c0d",
    )
    entry = story.tell(until=44)
    reason = "v3: 4 of 90 failed, v1: 2 of 1,230 failed; worse by 4.3 points, e-value 2,841. Restored old 20 · v1 80"
    entry.end(entry.heard + LATE, "restore", f"{reason} after {entry.heard - BEGUN:.1f} s", entry.start)
    return entry


def blind() -> Entry:
    """No gate judges counts, so there are no ticks; promoted on health."""
    entry = Story({"v1": flat(0), "v2": flat(0)}, strategy=Strategy(bake=12, errors=None), run="b11d0000").tell()
    entry.ticks.clear()
    entry.end(entry.heard + 0.4, "promote", "v2 100 is live", entry.goal)
    return entry
