"""`history`: each release, newest first: when, who, what was declared, how it ended, how long it took, and why.

In: the engine's history of the stack, the journal. Out: one `Past` for each update that moved traffic or failed, and
for each walk that the engine knows nothing of, since it was killed or went by API.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from ops.facts import Update
from rollout.journal import Entry
from rollout.shares import Shares, percent, text
from rollout.summary import evidence, outcome, span

STYLES = {"promote": "green", "restore": "red", "crashed": "red", "failed": "red", "walking": "cyan"}
HEADS = ["when (UTC)", "who", "declared", "verdict", "took", "run", "evidence"]
SLACK = timedelta(seconds=2)  # the engine's history knows whole seconds
AHEAD = 5  # walks read beyond those that are shown: some have no update


@dataclass(frozen=True, kw_only=True)
class Past:
    """One release. `verdict`: promote, restore, inconclusive, stopped, crashed, failed (the update, without a walk that
    failed), walking; `seconds`: of the whole update, else of the walk; `run`: the walk's, None when there is none.
    """

    at: datetime
    who: str
    message: str
    declared: Shares | None
    verdict: str
    seconds: float | None
    evidence: str
    run: str | None

    def as_json(self) -> dict[str, Any]:
        """The fields that programs are promised: `at` in ISO 8601, `declared` in percent by version."""
        declared = None if self.declared is None else percent(self.declared)
        return {**asdict(self), "at": self.at.isoformat(), "declared": declared}


def history(
    updates: Iterable[Update], walks: Iterable[Entry], most: int, now: datetime, *, everything: bool = False
) -> list[Past]:
    """The newest *most* releases from *updates* and *walks*, both newest first.

    Updates that moved nothing are left out, unless *everything* is wanted.
    """
    entries = sorted(islice(walks, most + AHEAD), key=lambda one: one.begun, reverse=True)
    found: list[Past] = []
    for update, former in _with_former(updates):
        newer, entries = _split(entries, _end(update, now))
        found += [_walked(entry, now) for entry in newer]
        mine, entries = _split(entries, update.at - SLACK)
        if mine or everything or update.result != "succeeded" or former is None or update.traffic != former:
            found.append(_updated(update, mine, first=former is None, now=now))
        if len(found) >= most:
            return found[:most]
    return [*found, *(_walked(entry, now) for entry in entries)][:most]


def show(found: Sequence[Past], console: Console) -> None:
    """*found* for people."""
    if not found:
        console.print("nothing is released yet")
        return
    rows = [HEADS, *map(_cells, found)]
    widths = [max(cell_len(row[column]) for row in rows) for column in range(len(HEADS))]
    for row, one in zip(rows, (None, *found), strict=True):  # a release is a line, however narrow the terminal
        line = "  ".join(set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()
        styled = Text(line, "" if one else "bold")
        styled.highlight_words([one.verdict], STYLES.get(one.verdict, "yellow")) if one else None
        console.print(styled)


def _cells(one: Past) -> list[str]:
    declared = "?" if one.declared is None else text(one.declared)
    took = "" if one.seconds is None else span(one.seconds)
    return [f"{one.at:%Y-%m-%d %H:%M}", one.who, declared, one.verdict, took, one.run or "", one.evidence]


def _with_former(updates: Iterable[Update]) -> Iterator[tuple[Update, Shares | None]]:
    """Each update with the traffic of the one before it that went through; None when there is none."""
    held: list[Update] = []
    for update in updates:
        if update.result != "succeeded":
            held.append(update)
            continue
        yield from ((one, update.traffic) for one in held)
        held = [update]
    yield from ((one, None) for one in held)


def _split(entries: list[Entry], at: datetime) -> tuple[list[Entry], list[Entry]]:
    """Those of *entries*, newest first, that began after *at*, and the others."""
    count = sum(_at(entry) > at for entry in entries)
    return entries[:count], entries[count:]


def _updated(update: Update, walks: Sequence[Entry], *, first: bool, now: datetime) -> Past:
    walk = walks[0] if walks else None
    verdict, why = _judged(update, walk, first, now)
    return Past(
        at=update.at,
        who=_who(walk) if walk else f"commit by {update.author}" if update.author else "-",
        message=update.message,
        declared=update.traffic,
        verdict=verdict,
        seconds=(update.ended - update.at).total_seconds() if update.ended else None,
        evidence=why,
        run=walk.run if walk else None,
    )


def _judged(update: Update, walk: Entry | None, first: bool, now: datetime) -> tuple[str, str]:
    if update.result == "in-progress":
        return "walking", evidence(walk) if walk else "not at a walk yet"
    if walk is None:
        if update.result == "succeeded":
            return "promote", "the first traffic" if first else "no walk in the journal"
        return "failed", "no walk in the journal" if update.result == "failed" else update.result
    word = outcome(walk, now.timestamp())
    if word == "promote" and update.result == "failed":
        return "failed", f"after the traffic had moved: {evidence(walk)}"
    return word, evidence(walk)


def _walked(entry: Entry, now: datetime) -> Past:
    """A walk without an update: killed, or by API."""
    return Past(
        at=_at(entry),
        who=_who(entry),
        message="",
        declared=entry.goal,
        verdict=outcome(entry, now.timestamp()),
        seconds=(entry.ended or entry.heard) - entry.begun,
        evidence=evidence(entry),
        run=entry.run,
    )


def _who(entry: Entry) -> str:
    return entry.owner.partition(" (pid")[0]


def _at(entry: Entry) -> datetime:
    return datetime.fromtimestamp(entry.begun, UTC)


def _end(update: Update, now: datetime) -> datetime:
    """When *update* was over; one without an end still runs."""
    return (update.ended or now) + SLACK
