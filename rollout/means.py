"""Everything a walk touches, in one place, and the wait for healthy slices, which the first run shares with it."""

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass

from rollout.bake import TELL, TICK
from rollout.clock import Clock
from rollout.errors import UnhealthyError
from rollout.fleets import Fleets
from rollout.journal import Entry, Journal
from rollout.metrics.interface import Source
from rollout.routers.interface import Router


@dataclass(frozen=True, kw_only=True)
class Means:
    """Everything a walk touches. `router` and `fleets` try again what passes; `bare` is the same router without."""

    router: Router
    bare: Router
    fleets: Fleets
    source: Source | None
    smoke: Callable[[str, Callable[[], None]], None]
    migrate: Callable[[str, int, Callable[[], None]], None]
    journal: Journal
    clock: Clock
    stop: threading.Event
    say: Callable[[str], None]
    done: Callable[[Entry], None]


def await_health(
    means: Means, versions: Collection[str], ready: float, check: Callable[[], None], tell: Callable[[str], None]
) -> None:
    """Count healthy targets of *versions* until all are, or *ready* seconds pass; *check* may end it each tick."""
    begun = told_at = means.clock.now()
    told = ""
    while True:
        check()
        healths = [means.router.health(version) for version in versions]
        waiting = [health for health in healths if not health.ready]
        line = "; ".join(map(str, waiting or healths))
        now = means.clock.now()
        if line and (line != told or now - told_at >= TELL):
            tell(f"{line} · {now - begun:.0f} s of {ready:g} s")
            told, told_at = line, now
        if not waiting:
            return
        if now - begun >= ready:
            raise UnhealthyError(f"{line} after {now - begun:.0f} s")
        means.clock.sleep(TICK)
