"""The journal: one document for each walk, written while it goes on: a crash leaves what was known.

In: what the walk tells. Out: `Entry`, which a store (stores.py) keeps as JSON under the run's id. Times are unix
seconds, shares tenths of a percent by version.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, Protocol

from rollout.metrics.interface import Tick
from rollout.shares import Shares

Verdict = Literal["promote", "restore", "inconclusive"]
MOST = 300.0  # evidence is cut at this many powers of ten: JSON knows no infinity


@dataclass
class Entry:
    """One walk. `verdict` is None while it goes on, and stays so when its process was killed.

    `steps`: {at, done, shares}. `ticks`: {begin, end, step, counts: {version: {total, failed, slow}}, evidence: {"v2
    errors": {alarm, clear}}}, where evidence is log10 of the e-values, and alarm or proof are there from `needs` on.
    `lines`: {at, text}, what the operator was told.
    """

    run: str
    service: str
    stack: str
    owner: str
    begun: float
    start: Shares
    goal: Shares
    strategy: Mapping[str, Any] = field(default_factory=dict)
    needs: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    steps: list[dict[str, Any]] = field(default_factory=list)
    ticks: list[dict[str, Any]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    ended: float | None = None
    verdict: Verdict | None = None
    reason: str = ""
    live: Shares | None = None

    def step(self, at: float, done: int, shares: Shares) -> None:
        """The walk set *shares*."""
        self.steps.append({"at": at, "done": done, "shares": dict(shares)})

    def tick(self, tick: Tick, evidence: Mapping[str, Mapping[str, float]]) -> None:
        """The walk saw *tick*, and what it makes of it."""
        counts = {version: asdict(one) for version, one in tick.counts.items()}
        known = {name: {side: _bounded(e) for side, e in sides.items()} for name, sides in evidence.items()}
        seen = {"begin": tick.begin, "end": tick.end, "step": len(self.steps) - 1}
        self.ticks.append({**seen, "counts": counts, "evidence": known})

    def end(self, at: float, verdict: Verdict, reason: str, live: Shares | None) -> None:
        """The walk ended; *live* is None when it could not be read."""
        self.ended, self.verdict, self.reason, self.live = at, verdict, reason, live

    @property
    def heard(self) -> float:
        """When the walk last told anything."""
        told = [one[key] for key, kept in HEARD for one in getattr(self, kept)[-1:]]
        return max([self.begun, *told, *([self.ended] if self.ended else [])])


HEARD = (("at", "steps"), ("end", "ticks"), ("at", "lines"))


class Journal(Protocol):
    """Keeps entries. What cannot be kept is told as a progress line and never ends a walk."""

    def keep(self, entry: Entry) -> None:
        """Write *entry* in place of what was there under its run."""
        ...


def to_json(entry: Entry) -> bytes:
    """*entry* as one JSON object."""
    return json.dumps(vars(entry), default=_plain, ensure_ascii=False).encode()


def from_json(text: bytes) -> Entry:
    """The inverse; fields that only a later version of this program knows are left out. ValueError, TypeError."""
    known = {one.name for one in fields(Entry)}
    return Entry(**{key: value for key, value in dict(json.loads(text)).items() if key in known})


def _bounded(e: float) -> float:
    return float(min(max(e, -MOST), MOST))


def _plain(value: Any) -> Any:
    """JSON for what JSON does not know: numpy's numbers, other mappings, dates."""
    if isinstance(value, Mapping):
        return dict(value)
    return value.item() if hasattr(value, "item") else str(value)
