"""The right to move: a mark that is renewed while the walk lasts, and looked at before every move.

In: a router, a clock, this walk's mark. Out: nothing while the walk may go on, else why it may not.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from rollout.clock import Clock
from rollout.errors import RouterError, StoodDownError, StoppedError
from rollout.mark import Mark
from rollout.routers.interface import Live, Router
from rollout.shares import Shares, text

LEASE = 60  # seconds a mark lives unless renewed
AGREE = 10.0  # seconds a router may take to say what was written
RETRY = 0.3  # seconds between two tries


class Lease:
    """*mine* is written by `take`; *carried* goes with it. `held` are the weights that this walk set last."""

    def __init__(
        self,
        router: Router,
        clock: Clock,
        stop: threading.Event,
        *,
        mine: Mark,
        held: Shares,
        carried: Sequence[str],
    ) -> None:
        self._router = router
        self._clock = clock
        self._stop = stop
        self._carried = carried
        self.mine = mine
        self.held = held

    def take(self) -> None:
        """Write the mark and see it there, alone: a second walk that began in the same moment loses or both do."""
        self._router.set_mark(self.mine, self._carried)
        agreed(self._router, self._clock, "the mark", self._is_mine, AGREE)

    def check(self) -> None:
        """Raise unless mark and weights are as this walk left them and nobody asks to stop; renew the mark in time."""
        if self._stop.is_set():
            raise StoppedError("stopped by the operator")
        live = self._router.read()
        if live is None or not self._is_mine(live) or live.shares != self.held:
            found = "no weighted rule" if live is None else f"{text(live.shares)}, {live.mark or 'no mark'}"
            raise StoodDownError(
                f"someone else changed the weights or the mark during this walk: expected {text(self.held)} with mark "
                f"{self.mine.run}, found {found}. Left as found"
            )
        if live.mark and live.mark.stop:
            raise StoppedError(f"stopped by {live.mark.stop} (`ops stop`)")
        now = int(self._clock.now())
        if live.mark and live.mark.until - now < LEASE // 2:
            self._router.set_mark(replace(self.mine, until=now + LEASE), self._carried)

    def move(self, shares: Shares) -> float:
        """Set *shares* and read them back; the seconds that took."""
        since = self._clock.now()
        self._router.set_shares(shares)
        self.held = shares
        agreed(self._router, self._clock, text(shares), lambda live: live.shares == shares, AGREE)
        return self._clock.now() - since

    def drop(self) -> None:
        """The walk is over: take the mark away."""
        self._router.set_mark(None)

    def expire(self) -> None:
        """Leave the mark as a dead walk's: whoever comes next goes on along it, or back."""
        self._router.set_mark(replace(self.mine, until=0))

    def _is_mine(self, live: Live) -> bool:
        return live.mark is not None and live.mark.run == self.mine.run


def agreed(router: Router, clock: Clock, what: str, agrees: Callable[[Live], bool], patience: float) -> None:
    """Read *router* until it *agrees*, at most *patience* seconds."""
    until = clock.now() + patience
    while True:
        live = router.read()
        if live is not None and agrees(live):
            return
        if clock.now() >= until:
            found = "no weighted rule" if live is None else text(live.shares)
            raise RouterError(f"the router did not show {what} within {patience:g} s; it shows {found}")
        clock.sleep(RETRY)
