"""A router and fleets that try passing refusals again (throttled, no connection), with jitter and within a budget.

AWS throttles by token buckets that refill within seconds; a walk that gave up at the first refusal would restore good
releases. A restore does not come through here: it has a loop and a time of its own.
"""

import random
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar

from rollout.clock import Clock
from rollout.errors import RouterError, StoppedError
from rollout.fleets import Fleets
from rollout.mark import Mark
from rollout.routers.interface import Health, Live, Router
from rollout.schema import Schema
from rollout.shares import Shares

BUDGET = 20.0  # seconds that one call may be tried again; less than half a mark's life
FIRST, MOST = 0.5, 4.0  # seconds of the first pause at most, and of the longest

T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """How long to try again; `stop` ends it at once."""

    clock: Clock
    stop: threading.Event

    def __call__(self, call: Callable[[], T]) -> T:
        """*call*'s answer; RouterError when it was refused for good, or for too long."""
        begun, pause = self.clock.now(), FIRST
        while True:
            try:
                return call()
            except RouterError as error:
                if not error.passing or self.clock.now() - begun >= BUDGET:
                    raise
                if self.stop.is_set():
                    raise StoppedError("stopped by the operator") from error
                self.clock.sleep(random.uniform(pause / 2, pause))
                pause = min(2 * pause, MOST)


@dataclass(frozen=True)
class PatientRouter:
    """`Router`, patiently."""

    router: Router
    patience: Patience

    def read(self) -> Live | None:
        """See Router."""
        return self.patience(self.router.read)

    def set_shares(self, shares: Shares) -> None:
        """See Router."""
        self.patience(lambda: self.router.set_shares(shares))

    def begin(self, shares: Shares) -> None:
        """See Router."""
        self.patience(lambda: self.router.begin(shares))

    def set_mark(self, mark: Mark | None, carried: Collection[str] = ()) -> None:
        """See Router."""
        self.patience(lambda: self.router.set_mark(mark, carried))

    def set_schema(self, schema: Schema) -> None:
        """See Router."""
        self.patience(lambda: self.router.set_schema(schema))

    def health(self, version: str) -> Health:
        """See Router."""
        return self.patience(lambda: self.router.health(version))


@dataclass(frozen=True)
class PatientFleets:
    """`Fleets`, patiently."""

    fleets: Fleets
    patience: Patience

    def desired(self, versions: Collection[str]) -> Mapping[str, int]:
        """See Fleets."""
        return self.patience(lambda: self.fleets.desired(versions))

    def grow(self, version: str, size: int) -> None:
        """See Fleets."""
        self.patience(lambda: self.fleets.grow(version, size))

    def hold(self, versions: Collection[str]) -> None:
        """See Fleets."""
        self.patience(lambda: self.fleets.hold(versions))

    def let_go(self, versions: Collection[str]) -> None:
        """See Fleets."""
        self.patience(lambda: self.fleets.let_go(versions))
