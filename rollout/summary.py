"""What an entry of the journal comes to, in numbers and in words. Pure.

In: an entry. Out: who gained and who lost share, counts by step, rates with bounds, how it ended in a word and in a
sentence.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from rollout import plan
from rollout.journal import Entry
from rollout.metrics.interface import Counts
from rollout.shares import text

Outcome = Literal["promote", "restore", "inconclusive", "stopped", "walking", "crashed"]

SILENCE = 60.0  # seconds without a word until a walk without an end counts as crashed
SURE = 1.959964  # half the width of a 95 % interval, in standard deviations
SPOKEN: Mapping[Outcome, str] = {
    "promote": "promoted",
    "restore": "restored",
    "inconclusive": "inconclusive",
    "stopped": "stopped",
    "crashed": "cut short",
    "walking": "under way",
}
WORDS = {"errors": "failed", "latency": "slow"}


@dataclass(frozen=True, kw_only=True)
class Gauge:
    """How far the judge of `version`'s `gate` is: `proof` and `alarm` as parts of what is needed, 0 to 1; `seen` are
    the newcomer's requests over the whole walk, `against` those of the incumbents.
    """

    version: str
    gate: str
    proof: float
    alarm: float
    seen: Counts
    against: Counts


def newcomers(entry: Entry) -> list[str]:
    """The versions that gained share."""
    return plan.gainers(entry.start, entry.goal)


def incumbents(entry: Entry) -> list[str]:
    """The versions that lost share; they are counted together."""
    return plan.losers(entry.start, entry.goal)


def gates(entry: Entry) -> list[str]:
    """The gates that judged counts: `errors`, `latency`."""
    return [gate for gate in WORDS if entry.strategy.get(gate) and entry.ticks]


def pooled(ticks: Collection[Mapping[str, Any]], versions: Collection[str]) -> Counts:
    """What *versions* answered in *ticks*, together."""
    found = [tick["counts"][v] for tick in ticks for v in versions if v in tick["counts"]]
    return Counts(*(sum(one[key] for one in found) for key in ("total", "failed", "slow")))


def of_step(entry: Entry, number: int) -> list[dict[str, Any]]:
    """The ticks seen while step *number* (from 0) was held."""
    return [tick for tick in entry.ticks if tick["step"] == number]


def bad(counts: Counts, gate: str) -> int:
    """The requests that *gate* holds against a slice."""
    return counts.slow if gate == "latency" else counts.failed


def gauges(entry: Entry) -> list[Gauge]:
    """How far each judge is, from the last tick it saw."""
    found = []
    for name, sides in (entry.ticks[-1]["evidence"] if entry.ticks else {}).items():
        version, _, gate = name.rpartition(" ")
        if need := entry.needs.get(name):
            alarm, proof = (max(0.0, min(1.0, sides[side] / need[side])) for side in ("alarm", "clear"))
            seen, against = pooled(entry.ticks, [version]), pooled(entry.ticks, incumbents(entry))
            found.append(Gauge(version=version, gate=gate, proof=proof, alarm=alarm, seen=seen, against=against))
    return found


def bounds(count: int, total: int) -> tuple[float, float]:
    """Where the rate lies with 95 %, when *count* of *total* were bad (Wilson's interval)."""
    if not total:
        return 0.0, 1.0
    rate, spread = count / total, SURE**2 / total
    middle = (rate + spread / 2) / (1 + spread)
    half = SURE / (1 + spread) * math.sqrt(rate * (1 - rate) / total + spread / (4 * total))
    return max(0.0, middle - half), min(1.0, middle + half)


def outcome(entry: Entry, now: float | None = None) -> Outcome:
    """How it ended; *now* (unix seconds) tells a walk under way from one that was cut short."""
    if entry.verdict is None:
        return "walking" if now is not None and now - entry.heard < SILENCE else "crashed"
    return "stopped" if entry.reason.startswith("stopped") else entry.verdict


def evidence(entry: Entry) -> str:
    """Why it ended so, in a few words."""
    if entry.verdict is None:
        return f"at {entry.steps[-1]['done'] / 10:g} % of the change" if entry.steps else "before the first step"
    if entry.verdict != "promote":
        return entry.reason.partition(". ")[0]
    if not entry.ticks:
        return "no requests were judged"
    sides = [([v], v) for v in newcomers(entry)] + [(incumbents(entry), ", ".join(incumbents(entry)))]
    return " · ".join(f"{name} {_counted(entry, versions)}" for versions, name in sides if versions)


def sentence(entry: Entry, now: float | None = None) -> str:
    """The verdict in one sentence, with its numbers."""
    match outcome(entry, now):
        case "promote":
            seen = f": {evidence(entry)}" if entry.ticks else ", judged by health alone"
            return f"{text(entry.goal)} is live after {span((entry.ended or 0) - entry.begun)}{seen}."
        case "walking":
            return f"Under way for {span(entry.heard - entry.begun)}, {evidence(entry)}."
        case "crashed":
            shares = text(entry.steps[-1]["shares"] if entry.steps else entry.start)
            heard = span(entry.heard - entry.begun)
            return f"Cut short: last heard of after {heard}, {evidence(entry)}, when {shares} was set."
        case _:
            return f"{_opened(entry.reason)}."


def span(seconds: float) -> str:
    """`9.4 s`, `73 s`, `5 min 12 s`, `1 h 5 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _opened(reason: str) -> str:
    """*reason* as a sentence begins, unless it begins with a version."""
    first, *_ = reason.split() or [""]
    return (reason if first.endswith(":") else reason[:1].upper() + reason[1:]).rstrip(".;")


def _counted(entry: Entry, versions: Collection[str]) -> str:
    """`3 of 4,120 failed, 5 slow`."""
    counts = pooled(entry.ticks, versions)
    first, *rest = gates(entry) or ["errors"]
    told = [f"{bad(counts, first):,} of {counts.total:,} {WORDS[first]}"]
    return ", ".join([*told, *(f"{bad(counts, gate):,} {WORDS[gate]}" for gate in rest)])
