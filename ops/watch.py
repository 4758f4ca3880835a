"""`watch`: the stack as it is, each second anew, until Ctrl-C.

In: a stack, its journal. Out: frames on the terminal, or lines of JSON. What is dear is looked at less often than the
weights, so that watching takes no part of an account's API limits that a walk would need.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from rich.console import Console
from rich.live import Live as Screen

from ops.cloud import Cloud
from ops.errors import OpsError
from ops.frame import View, frame
from ops.history import Past, history
from ops.journal import opened, walks
from ops.snapshot import snapshot
from ops.stack import Stack
from ops.status import SliceReport, look, readiness
from rollout.clock import Clock
from rollout.journal import Entry
from rollout.mark import Mark
from rollout.shares import percent

EACH = 1.0  # seconds between two frames
HEALTH = 3.0  # seconds between two looks at the slices' health
JOURNAL = 2.0  # seconds between two looks at the journal
ENGINE = 20.0  # seconds between two questions to the engine: what is declared, which slices there are
PAST = 10  # walks that a line of JSON tells of


class Watcher:
    """Looks at *stack* again and again, at each thing as often as it is worth; the first look raises OpsError."""

    def __init__(self, stack: Stack, clock: Clock) -> None:
        self._stack = stack
        self._clock = clock
        self._looked: dict[str, float] = {}
        self._entry: Entry | None = None
        self._mark: Mark | None = None
        self._carried: frozenset[str] = frozenset()
        self._past: list[Past] = []
        self._told_of: object = None
        self._trouble = ""
        self._look_at_all()

    def view(self) -> View:
        """The stack now; what could not be looked at is told, and shown as it last was."""
        try:
            self._refresh()
        except OpsError as error:
            self._trouble = str(error)
        trouble, self._trouble = self._trouble, ""
        return View(
            at=self._clock.now(),
            stack=self._stack.short,
            report=self._report,
            mark=self._mark,
            entry=self._entry,
            trouble=trouble,
            carried=self._carried,
        )

    def past(self) -> list[Past]:
        """The newest walks, by the journal alone; looked at anew when one has begun or ended, and now and then."""
        newest = (self._mark and self._mark.run, self._entry and self._entry.ended)
        if newest != self._told_of or self._is_due("past", ENGINE):
            self._told_of = newest
            now = datetime.fromtimestamp(self._clock.now(), UTC)
            self._past = history((), walks(self._store, self._stack), PAST, now)
        return self._past

    def _refresh(self) -> None:
        if self._is_due("engine", ENGINE):
            self._look_at_all()
        now = self._cloud.live()
        live, mark = (percent(now.shares), now.mark) if now else ({}, None)
        self._carried = now.carried if now else frozenset()
        changed = (mark and mark.run) != (self._mark and self._mark.run)
        if changed or not live.keys() <= {one.version for one in self._report.slices}:
            self._looked["engine"] = 0.0  # the next frame knows what is declared now, and every slice
        if changed or live != self._report.live:
            self._looked["newest"] = 0.0  # a short walk may have come and gone since the last frame
        self._mark = mark
        self._share(live)
        if self._is_due("journal", JOURNAL) or changed:
            self._entry = self._word()
        if self._is_due("health", HEALTH):
            self._healths()

    def _look_at_all(self) -> None:
        settings, state = self._stack.config().settings(), self._stack.state()
        self._store = opened(self._stack, settings, self._note)
        self._cloud = Cloud(settings, state)
        self._report = look(settings, state, self._cloud)
        self._looked |= dict.fromkeys(("engine", "health"), self._clock.now())

    def _note(self, trouble: str) -> None:
        self._trouble = trouble

    def _word(self) -> Entry | None:
        """The journal's word of the walk that is on, else of the last one."""
        if self._mark:
            return self._store.entry(self._mark.run)
        if self._entry is None or self._is_due("newest", ENGINE):
            return next(walks(self._store, self._stack), None)
        return self._entry if self._entry.ended is not None else self._store.entry(self._entry.run)

    def _share(self, live: dict[str, int | float]) -> None:
        slices = [_sharing(one, live.get(one.version, 0)) for one in self._report.slices]
        self._report = replace(self._report, live=live, slices=slices)

    def _healths(self) -> None:
        slices = []
        for one in self._report.slices:
            health = self._cloud.health(one.version)
            counts = (health.healthy, health.wanted) if health else (0, 0)
            grade = readiness(health, bool(one.share), not one.missing)
            slices.append(replace(one, healthy=counts[0], desired=counts[1], readiness=grade))
        self._report = replace(self._report, slices=slices)

    def _is_due(self, what: str, every: float) -> bool:
        now = self._clock.now()
        if now - self._looked.get(what, 0.0) < every:
            return False
        self._looked[what] = now
        return True


def _sharing(one: SliceReport, share: int | float) -> SliceReport:
    """*one* with *share*; one that was healthy a moment ago serves now, or is warm."""
    known = one.readiness if one.readiness not in ("serving", "warm") else "serving" if share else "warm"
    return replace(one, share=share, readiness=known)


def watch(stack: Stack, console: Console, clock: Clock, *, once: bool) -> None:
    """Show frames of *stack* until Ctrl-C; *once*, or where there is no terminal, one."""
    watcher = Watcher(stack, clock)
    if once or not console.is_terminal:
        console.print(frame(watcher.view(), console.width))
        return
    with Screen(frame(watcher.view(), console.width), console=console, auto_refresh=False) as screen:
        while True:
            clock.sleep(EACH)
            screen.update(frame(watcher.view(), console.width), refresh=True)


def stream(stack: Stack, write: Callable[[str], None], clock: Clock, *, once: bool) -> None:
    """*write* a line of JSON each second until Ctrl-C, or *once*."""
    watcher = Watcher(stack, clock)
    while True:
        write(json.dumps(snapshot(watcher.view(), watcher.past())))
        if once:
            return
        clock.sleep(EACH)
