"""Frames as `ops watch --json` prints them, made by the same code from walks of the journal."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ops.frame import View
from ops.history import history
from ops.snapshot import snapshot
from ops.status import Report, SliceReport
from rollout.journal import Entry
from rollout.mark import Mark, me
from rollout.shares import percent
from tests.walks import BEGUN, Story, flat

OLD, NEW = {"v1": 1000}, {"v2": 1000}
NOW = 4_000_000_000  # a mark that lasts
GOOD = {"v1": flat(0.001), "v2": flat(0.001)}
BAD = {"v1": flat(0.001), "v2": flat(0.2)}


def good(until: float) -> Entry:
    """A walk to v2 after *until* seconds."""
    return Story(GOOD).tell(until)


def frame(
    live: Mapping[str, int],
    *,
    declared: Mapping[str, int] | None = None,
    entry: Entry | None = None,
    walking: bool = False,
    healthy: int = 2,
    carried: tuple[str, ...] = ("v1",),
    trouble: str = "",
    versions: tuple[str, ...] = ("v1", "v2"),
    past: list[Entry] | None = None,
) -> dict[str, Any]:
    """What is seen while *live* (tenths) is live; *walking*: the walk of *entry* is on."""
    shown = percent(live)
    slices = [
        SliceReport(
            version=version,
            artifact="ami-0123456789abcdef0",
            share=shown.get(version, 0),
            healthy=healthy,
            desired=2,
            readiness=("serving" if version in shown else "warm") if healthy == 2 else "cold",
        )
        for version in versions
    ]
    report = Report(
        service="shop", platform="aws", declared=percent(declared or live), live=shown, slices=slices, walk=None
    )
    mark = Mark(entry.run, entry.start, entry.goal, replace(me(), user="ada"), NOW) if entry and walking else None
    at = entry.heard + 1 if entry else BEGUN
    view = View(at=at, stack="prod", report=report, mark=mark, entry=entry, trouble=trouble, carried=carried)
    return snapshot(view, history((), past or ([entry] if entry else []), 10, datetime.fromtimestamp(at, UTC)))


def ramp(until: float = 40.0, **more: Any) -> dict[str, Any]:
    """The walk to v2, under way for *until* seconds."""
    entry = good(until)
    return frame(entry.steps[-1]["shares"], declared=NEW, entry=entry, walking=True, **more)


def settled(**more: Any) -> dict[str, Any]:
    """v2 has everything, and v1 waits."""
    return frame(NEW, entry=good(10_000), **more)
