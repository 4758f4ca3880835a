"""Undoing the walk of a dead owner: its former weights go back at once, whoever is healthy.

In: a router, fleets, a clock, what is live with the dead walk's mark. Out: nothing when the former weights are live and
the mark is gone. While it works the mark is ours, so no `up` comes in between, and cut short it is a dead walk again.
"""

import threading
import uuid
from collections.abc import Callable
from dataclasses import replace

from rollout import mark as marks
from rollout import plan
from rollout.clock import Clock
from rollout.errors import ForeignError, RolloutError
from rollout.fleets import Fleets
from rollout.lease import LEASE, Lease
from rollout.routers.interface import Live, Router
from rollout.shares import text


def recover(router: Router, fleets: Fleets, clock: Clock, live: Live, say: Callable[[str], None]) -> None:
    """Put back what the dead walk that is marked in *live* started from, and take its mark away.

    The slices there were serving when it began: they get their share back as in any restore, without a wait.
    """
    dead = live.mark
    if dead is None:
        return
    if plan.made(live.shares, dead.start, dead.goal) is None:
        raise ForeignError(
            f"live is {text(live.shares)}, which is not on the way of the walk that is marked ({dead}): someone else "
            "set these weights. Nothing was moved. Find out who; `pulumi up` with SLUICE_TAKE_OVER=yes (of `ops`: "
            "--take-over) walks from them"
        )
    until = int(clock.now()) + LEASE
    mine = replace(dead, run=uuid.uuid4().hex[:8], owner=marks.me(), until=until, stop="")
    lease = Lease(router, clock, threading.Event(), mine=mine, held=live.shares, carried=())
    try:
        lease.take()
        lease.check()
        if live.shares != dead.start:
            say(f"moved: {text(dead.start)} (read back after {lease.move(dead.start):.1f} s)")
        _lift(fleets, [*dead.start, *dead.goal], say)
        lease.drop()
    except RolloutError as error:
        raise type(error)(
            f"{error}. The former traffic is {text(dead.start)}; a mark may be left beside the weights: run this again"
        ) from error


def _lift(fleets: Fleets, versions: list[str], say: Callable[[str], None]) -> None:
    """The fleets may shrink again; that it could not be said ends nothing."""
    try:
        fleets.let_go(versions)
    except RolloutError as error:
        say(f"the protection from scale-in could not be lifted: {error}; the next walk does it")
