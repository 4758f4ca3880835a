"""All the judges of one walk: one for each newcomer and gate, over the same ticks.

In: ticks of counts. Out: whether a newcomer was shown to be worse, whether every one is cleared, and the numbers for
people. The losers are pooled as the incumbent; slices whose share stays are neither.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import e, log10

from rollout.judge import Judge
from rollout.metrics.interface import Counts, Tick
from rollout.shares import Shares
from rollout.strategy import Gate, Strategy

WORDS = {"errors": "failed", "latency": "slow"}
MOST_ALLOWED = 0.5  # a part of requests beyond which nothing is a fault


@dataclass
class Seen:
    """What newcomer and incumbent answered in one step: requests, and of these the bad ones by gate."""

    total: int = 0
    bad: dict[str, int] = field(default_factory=lambda: dict.fromkeys(WORDS, 0))

    def add(self, counts: Counts) -> None:
        """Count one tick more."""
        self.total += counts.total
        self.bad["errors"] += counts.failed
        self.bad["latency"] += counts.slow

    def line(self, gate: str) -> str:
        """`3 of 4,120 failed`."""
        return f"{self.bad[gate]:,} of {self.total:,} {WORDS[gate]}"


class Jury:
    """Judges *newcomers* against *incumbents*; *begun* (unix seconds) is when the first share was given.

    Alpha is shared over gates, newcomers and the alarms that begin anew at each of *stages*, so that a good release is
    restored in alpha of all rollouts at most. *after*: the jury of the steps before, now that no incumbent has a share
    any more to compare with; then the rate that the incumbent had is allowed, where that is more than `allow`.
    """

    def __init__(
        self,
        strategy: Strategy,
        newcomers: Sequence[str],
        incumbents: Sequence[str],
        stages: int,
        *,
        after: "Jury | None" = None,
    ) -> None:
        self._incumbents = incumbents
        self._newcomers = newcomers
        self._warmup = strategy.latency.warmup if strategy.latency else 0.0
        gates = strategy.gates
        parts = max(1, len(gates) * len(newcomers) * stages)
        self._judges = {
            (version, name): Judge(
                replace(gate, allow=after.allowed(name, gate)) if after else gate,
                alpha=gate.alpha / parts,
                beta=gate.beta,
                alone=after is not None,
            )
            for version in newcomers
            for name, gate in gates.items()
        }
        self._before = Seen()
        self._slow_counts_from: float | None = None
        self._seen: dict[str, Seen] = {}
        self._shares: Shares = {}
        self.cleared = not self._judges
        self.unheard: set[str] = set()  # newcomers of which this step has had no word

    def allowed(self, name: str, gate: Gate) -> float:
        """The part of requests that may be bad once the incumbent is gone."""
        before = self._before
        rate = before.bad[name] / before.total if before.total else 0.0
        return min(MOST_ALLOWED, max(gate.allow, gate.tolerate * rate))

    def fresh(self, shares: Shares, now: float) -> None:
        """A step begins: *shares* are live since *now*; the alarms begin anew, the proofs go on."""
        self._shares = shares
        self._seen = {version: Seen() for version in (*self._newcomers, *self._incumbents)}
        if self._slow_counts_from is None:
            self._slow_counts_from = now + self._warmup
        self.unheard = set(self._newcomers if self._judges else ())
        for judge in self._judges.values():
            judge.fresh()

    def see(self, tick: Tick) -> None:
        """Take *tick* in. What a version has no word of in it is left out, on both sides."""
        for version, counts in tick.counts.items():
            if version in self._seen:
                self._seen[version].add(counts)
                self.unheard.discard(version)
        others = self._pooled(tick)
        if others is None:
            return
        self._before.add(others)
        for (version, name), judge in self._judges.items():
            mine = tick.counts.get(version)
            if mine is None or (name == "latency" and tick.begin < (self._slow_counts_from or 0)):
                continue
            judge.see(_bad(mine, name), _bad(others, name), mine.total, others.total)
        self.cleared = all(bool(judge.clears.all()) for judge in self._judges.values())

    def _pooled(self, tick: Tick) -> Counts | None:
        """The incumbents' counts together; None when one of them with a share is not in the tick."""
        sharing = [version for version in self._incumbents if self._shares.get(version)]
        if any(version not in tick.counts for version in sharing):
            return None
        each = [tick.counts[version] for version in sharing]
        return Counts(sum(c.total for c in each), sum(c.failed for c in each), sum(c.slow for c in each))

    def worse(self) -> str | None:
        """The numbers of a newcomer that was shown to be worse; None while none was."""
        for (version, name), judge in self._judges.items():
            if judge.restores.any():
                return f"{self._compared(version, name)}, e-value {_number(_log10(judge.alarm))}"
        return None

    def _compared(self, version: str, gate: str) -> str:
        mine, theirs = self._seen[version], self._incumbent()
        if not theirs.total:
            return f"{version}: {mine.line(gate)}, with no incumbent left to compare with"
        points = 100 * (mine.bad[gate] / mine.total - theirs.bad[gate] / theirs.total)
        return (
            f"{version}: {mine.line(gate)}, {', '.join(self._incumbents)}: {theirs.line(gate)}; "
            f"worse by {points:.1f} points"
        )

    def _incumbent(self) -> Seen:
        pooled = Seen()
        for version in self._incumbents:
            one = self._seen[version]
            pooled.total += one.total
            pooled.bad = {gate: pooled.bad[gate] + one.bad[gate] for gate in WORDS}
        return pooled

    def open(self) -> list[str]:
        """What is not cleared yet: `v8 errors 34 % proven`."""
        return [
            f"{version} {name} {_proven(judge):.0%} proven".replace("%", " %")
            for (version, name), judge in self._judges.items()
            if not judge.clears.all()
        ]

    def line(self) -> str:
        """The counts of this step: `v8 3 of 4,120 failed · v7 9 of 12,300 · e=0.4`."""
        if not self._judges:
            return "judged by health alone"
        parts = [f"{version} {self._words(self._seen[version])}" for version in self._newcomers]
        parts += [
            f"{version} {self._words(seen)}" for version in self._incumbents if (seen := self._seen[version]).total
        ]
        highest = max(_log10(judge.alarm) for judge in self._judges.values())
        return " · ".join([*parts, f"e={_number(highest)}"])

    def _words(self, seen: Seen) -> str:
        names = dict.fromkeys(name for _, name in self._judges)
        first, *rest = (f"{seen.bad[name]:,} {WORDS[name]}" for name in names)
        bad, _, word = first.partition(" ")
        return ", ".join([f"{bad} of {seen.total:,} {word}", *rest])

    def evidence(self) -> dict[str, dict[str, float]]:
        """log10 of the e-values by `version gate`."""
        return {
            f"{version} {name}": {"alarm": _log10(judge.alarm), "clear": _log10(judge.clear)}
            for (version, name), judge in self._judges.items()
        }

    def needs(self) -> dict[str, dict[str, float]]:
        """log10 of what the e-values have to reach, by `version gate`."""
        return {
            f"{version} {name}": {"alarm": judge.alarm_at * log10(e), "clear": judge.clear_at * log10(e)}
            for (version, name), judge in self._judges.items()
        }


def _bad(counts: Counts, gate: str) -> int:
    return counts.failed if gate == "errors" else counts.slow


def _log10(value: Iterable[float]) -> float:
    return float(max(value)) * log10(e)


def _proven(judge: Judge) -> float:
    return min(1.0, max(0.0, float(judge.clear.max()) / float(judge.clear_at)))


def _number(log: float) -> str:
    """10 to the *log* for people."""
    if log < -1:
        return "<0.1"
    return f"{10**log:.1f}" if log < 4 else f"{10 ** (log % 1):.1f}e{int(log)}"
