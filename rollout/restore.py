"""Putting the former weights back: one write, read back until true, tried until it is done or time is up."""

import threading
from collections.abc import Callable

from rollout.clock import Clock
from rollout.errors import RolloutError
from rollout.lease import RETRY, agreed
from rollout.mark import Mark
from rollout.routers.interface import Router
from rollout.shares import Shares, text

HURRIED = 3.5  # seconds after Ctrl-C: the whole process has 5
PATIENT = 30.0  # seconds when nobody waits to kill us


def restore(
    router: Router, clock: Clock, stop: threading.Event, former: Shares, mine: Mark, *, lift: Callable[[], None]
) -> str:
    """Put *former* back if it is not live, take the mark *mine* away, and say so; never raises a RolloutError.

    *lift* ends the protection from scale-in, in between: while the mark is there, whoever comes next knows of it.
    """
    begun = clock.now()
    while True:
        until = begun + (HURRIED if stop.is_set() else PATIENT)
        try:
            return _put_back(router, clock, former, mine, lift=lift, patience=until - clock.now())
        except RolloutError as error:
            if clock.now() >= until:
                return (
                    f"RESTORE FAILED: {error}. The former traffic is {text(former)}; the walk's mark stays beside "
                    "the weights: `python -m ops recover` puts it back at once, and the next `pulumi up` goes on or "
                    "back as declared. Given up"
                )
        clock.sleep(RETRY)


def _put_back(
    router: Router, clock: Clock, former: Shares, mine: Mark, *, lift: Callable[[], None], patience: float
) -> str:
    live = router.read()
    if live is None or (live.mark is not None and live.mark.run != mine.run):
        return "The weights are no longer this walk's to restore: left as they are"
    moved = live.shares != former
    if moved:
        router.set_shares(former)
        agreed(router, clock, text(former), lambda now: now.shares == former, patience)
    lift()
    router.set_mark(None)
    return f"Restored {text(former)}" if moved else f"{text(former)} stays live: nothing was moved;"
