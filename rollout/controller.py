"""The walk itself: guard → mark → health → [move → read back] → unmark; on any failure the former weights go back.

In: an order (recorded, planned, how long to wait), a router, a clock, a stop. Out: nothing when live equals planned at
the end; else a RolloutError whose message says what was found and how things are now.
"""

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import assert_never

from rollout import guard, plan
from rollout import mark as marks
from rollout.clock import Clock
from rollout.errors import RolloutError, RouterError, StoodDownError, StoppedError, UnhealthyError
from rollout.mark import Mark
from rollout.routers.interface import Live, Router
from rollout.shares import Shares, text

TICK = 1.0  # seconds between two looks
LEASE = 60  # seconds a mark lives unless renewed
AGREE = 10.0  # seconds a router may take to say what was written
RESTORE = 3.5  # the same while restoring: after Ctrl-C the whole process has 5 s
RETRY = 0.3  # seconds between two tries
TELL = 15.0  # seconds between two progress lines that say nothing new


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is asked for.

    `recorded` by the last finished run (None: nothing), `planned` now, `declared` the versions whose slices exist,
    `ready` the seconds a slice may take to become healthy.
    """

    recorded: Shares | None
    planned: Shares
    declared: frozenset[str]
    ready: float


@dataclass(frozen=True, kw_only=True)
class Controller:
    """Walks traffic on one router. `say` takes one progress line; `stop` is set when an operator wants the end."""

    router: Router
    clock: Clock
    stop: threading.Event
    say: Callable[[str], None]

    def preview(self, order: Order) -> str:
        """The plan in one line; raises what `run` would raise before it moves anything."""
        match self._decide(order):
            case guard.Rest():
                return f"plan: {text(order.planned)} is live; nothing to move"
            case guard.First():
                return f"plan: {text(order.planned)} from the start, once healthy (within {order.ready:g} s)"
            case guard.Walk(start, goal, former):
                newcomers = ", ".join(plan.gainers(start, goal))
                moves = " → ".join(
                    text(shares) for shares in (start, *(step.shares for step in plan.steps(start, goal)))
                )
                return (
                    f"plan: {moves}, once {newcomers} is healthy (within {order.ready:g} s); "
                    f"on any failure back to {text(former)}"
                )
            case never:
                assert_never(never)

    def run(self, order: Order) -> None:
        """Walk to *order*'s plan, or put the former weights back and raise."""
        match self._decide(order):
            case guard.Rest(dead_mark):
                if dead_mark:
                    self.router.set_mark(None)
                    self.say("took a dead walk's mark away; the weights were right already")
            case guard.First():
                self._await_first(order)
            case guard.Walk() as walk:
                self._walk(walk, order.ready)
            case never:
                assert_never(never)

    def _decide(self, order: Order) -> guard.First | guard.Rest | guard.Walk:
        live = self.router.read()
        alive = partial(marks.is_alive, now=self.clock.now())
        return guard.decide(order.recorded, live, order.planned, order.declared, alive)

    def _await_first(self, order: Order) -> None:
        try:
            self._await_health(plan.gainers({}, order.planned), order.ready, lambda: self._check_stop(None))
        except RolloutError as error:
            raise type(error)(f"{error}. No traffic is split yet: nothing was moved") from error

    def _walk(self, walk: guard.Walk, ready: float) -> None:
        begun = self.clock.now()
        mine = Mark(uuid.uuid4().hex[:8], walk.former, walk.goal, marks.me(), int(begun) + LEASE)
        self.say(f"walk {mine.run}: {text(walk.start)} → {text(walk.goal)}")
        held = walk.start
        try:
            self.router.set_mark(mine)
            self._await("the mark", lambda live: live.mark is not None and live.mark.run == mine.run, AGREE)
            lease = _Lease(self, mine)
            newcomers = plan.gainers(walk.start, walk.goal)
            self._await_health(newcomers, ready, lambda: lease.check(held))
            for step in plan.steps(walk.start, walk.goal):
                lease.check(held)
                held = step.shares
                self._move(held, AGREE)
            self.router.set_mark(None)
        except StoodDownError:
            raise
        except BaseException as error:
            kind = type(error) if isinstance(error, RolloutError) else RolloutError
            what = str(error) if isinstance(error, RolloutError) else f"the walk broke: {error!r}"
            raise kind(f"{what}. {self._restore(walk, mine, begun)}") from error
        self.say(f"walk {mine.run}: {text(walk.goal)} is live after {self.clock.now() - begun:.1f} s")

    def _move(self, shares: Shares, patience: float) -> None:
        since = self.clock.now()
        self.router.set_shares(shares)
        self._await(f"{text(shares)}", lambda live: live.shares == shares, patience)
        self.say(f"moved: {text(shares)} (read back after {self.clock.now() - since:.1f} s)")

    def _await(self, what: str, agrees: Callable[[Live], bool], patience: float) -> None:
        """Read the router until it *agrees*, at most *patience* seconds."""
        until = self.clock.now() + patience
        while True:
            live = self.router.read()
            if live is not None and agrees(live):
                return
            if self.clock.now() >= until:
                found = "no weighted rule" if live is None else text(live.shares)
                raise RouterError(f"the router did not show {what} within {patience:g} s; it shows {found}")
            self.clock.sleep(RETRY)

    def _await_health(self, versions: list[str], ready: float, check: Callable[[], None]) -> None:
        """Count healthy targets of *versions* until all are, or *ready* seconds pass; *check* may end it each tick."""
        begun = told_at = self.clock.now()
        told = ""
        while True:
            check()
            healths = [self.router.health(version) for version in versions]
            waiting = [health for health in healths if not health.ready]
            line = "; ".join(map(str, waiting or healths))
            now = self.clock.now()
            if line and (line != told or now - told_at >= TELL):
                self.say(f"{line} · {now - begun:.0f} s of {ready:g} s")
                told, told_at = line, now
            if not waiting:
                return
            if now - begun >= ready:
                raise UnhealthyError(f"{line} after {now - begun:.0f} s")
            self.clock.sleep(TICK)

    def _check_stop(self, live: Live | None) -> None:
        if self.stop.is_set() or (live and live.mark and live.mark.stop):
            raise StoppedError("stopped by the operator")

    def _restore(self, walk: guard.Walk, mine: Mark, begun: float) -> str:
        """Put the former weights back if they moved, take the mark away, and say so; tried for RESTORE seconds."""
        until = self.clock.now() + RESTORE
        while True:
            try:
                return self._put_back(walk, mine, begun, until)
            except RolloutError as error:
                if self.clock.now() >= until:
                    return (
                        f"RESTORE FAILED: {error}. The former traffic is {text(walk.former)}; the walk's mark stays "
                        "beside the weights, so the next `pulumi up` knows it and goes on or back as declared"
                    )
            self.clock.sleep(RETRY)

    def _put_back(self, walk: guard.Walk, mine: Mark, begun: float, until: float) -> str:
        live = self.router.read()
        if live is None or (live.mark is not None and live.mark.run != mine.run):
            return "The weights are no longer this walk's to restore: left as they are"
        moved = live.shares != walk.former
        if moved:
            self._move(walk.former, until - self.clock.now())
        self.router.set_mark(None)
        if moved:
            return f"Restored {text(walk.former)} after {self.clock.now() - begun:.1f} s"
        return f"{text(walk.former)} stays live: nothing was moved"


class _Lease:
    """Holds the right to move: looks whether the walk is still ours, and renews the mark before it runs out."""

    def __init__(self, controller: Controller, mine: Mark) -> None:
        self._controller = controller
        self._mine = mine

    def check(self, held: Shares) -> None:
        """Raise unless mark and weights are as this walk left them (*held*) and nobody asks to stop."""
        live = self._controller.router.read()
        if live is None or live.mark is None or live.mark.run != self._mine.run or live.shares != held:
            found = "no weighted rule" if live is None else f"{text(live.shares)}, {live.mark or 'no mark'}"
            raise StoodDownError(
                f"someone else changed the weights or the mark during this walk: expected {text(held)} with mark "
                f"{self._mine.run}, found {found}. Left as found"
            )
        self._controller._check_stop(live)
        now = int(self._controller.clock.now())
        if live.mark.until - now < LEASE // 2:
            self._controller.router.set_mark(replace(self._mine, until=now + LEASE))
