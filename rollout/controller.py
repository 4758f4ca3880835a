"""The walk itself: guard → mark → health → [move → read back] → unmark; on any failure the former weights go back.

In: an order (recorded, planned, how long to wait), a router, a clock, a stop. Out: nothing when live equals planned at
the end; else a RolloutError whose message says what was found and how things are now.
"""

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from rollout import guard, plan
from rollout import mark as marks
from rollout.clock import Clock
from rollout.errors import RolloutError, RouterError, StoodDownError, StoppedError, UnhealthyError
from rollout.mark import Mark
from rollout.routers.interface import Health, Live, Router
from rollout.shares import Shares, text

TICK = 1.0  # seconds between two looks
LEASE = 60  # seconds a mark lives unless renewed
AGREE = 10.0  # seconds a router may take to say what was written
RESTORE = 3.5  # the same while restoring: after Ctrl-C the whole process has 5 s
TELL = 15.0  # seconds between two progress lines that say nothing new


@dataclass(frozen=True)
class Order:
    """What is asked for: `recorded` by the last finished run (None: nothing), `planned` now, `ready` seconds to wait."""

    recorded: Shares | None
    planned: Shares
    ready: float


@dataclass
class Controller:
    """Walks traffic on one router. `say` takes one progress line; `stop` is set when an operator wants the end."""

    router: Router
    clock: Clock
    stop: threading.Event
    say: Callable[[str], None]

    def run(self, order: Order) -> None:
        """Walk to *order*'s plan, or put the former weights back and raise."""
        match self.decide(order):
            case guard.Rest(dead_mark):
                if dead_mark:
                    self.router.set_mark(None)
                    self.say("took a dead walk's mark away; the weights were right already")
            case guard.First():
                self._await_health(plan.gainers({}, order.planned), order.ready, lambda: self._check_stop(None))
            case guard.Walk() as walk:
                self._walk(walk, order.ready)

    def decide(self, order: Order) -> guard.First | guard.Rest | guard.Walk:
        """The guard's answer to *order* as things are now; raises when the weights are not ours to move."""
        live = self.router.read()
        return guard.decide(order.recorded, live, order.planned, lambda m: marks.is_alive(m, self.clock.now()))

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
            raise type_of(error)(f"{said(error)}. {self._restore(walk, mine, begun)}") from error
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
            self.clock.sleep(0.2)

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
                raise UnhealthyError(f"{_numbers(waiting)} after {now - begun:.0f} s")
            self.clock.sleep(TICK)

    def _check_stop(self, live: Live | None) -> None:
        if self.stop.is_set() or (live and live.mark and live.mark.stop):
            raise StoppedError("stopped by the operator")

    def _restore(self, walk: guard.Walk, mine: Mark, begun: float) -> str:
        """Put the former weights back if they moved, take the mark away, and say so."""
        try:
            live = self.router.read()
            if live is None or (live.mark is not None and live.mark.run != mine.run):
                return "The weights are no longer this walk's to restore: left as they are"
            if live.shares != walk.former:
                self._move(walk.former, RESTORE)
                state = f"Restored {text(walk.former)} after {self.clock.now() - begun:.1f} s"
            else:
                state = f"{text(walk.former)} stays live: nothing was moved"
            self.router.set_mark(None)
        except RolloutError as error:
            return (
                f"RESTORE FAILED: {error}. The former traffic is {text(walk.former)}; the mark stays, so that the next "
                "`pulumi up` knows this walk"
            )
        return state


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
            self._controller.router.set_mark(
                Mark(self._mine.run, self._mine.start, self._mine.goal, self._mine.owner, now + LEASE)
            )


def _numbers(waiting: list[Health]) -> str:
    return "; ".join(map(str, waiting))


def said(error: BaseException) -> str:
    """The first half of a failure's message: what went wrong."""
    return str(error) if isinstance(error, RolloutError) else f"the walk broke: {error!r}"


def type_of(error: BaseException) -> type[RolloutError]:
    """The kind of RolloutError that *error* becomes."""
    return type(error) if isinstance(error, RolloutError) else RolloutError
