"""The controller of one service: settings and drivers made into everything that a walk touches.

In: settings, drivers, where the weights live. Out: a `Controller`, and the `Order` that the settings mean.
"""

import os
import threading
from collections.abc import Callable
from pathlib import Path

from components import naming
from components.drivers import Drivers, Place
from components.settings import Settings
from rollout import smoke, stores
from rollout.clock import RealClock
from rollout.controller import Controller
from rollout.journal import Entry
from rollout.order import Order
from rollout.shares import Shares

COMMAND_LIMIT = 600.0  # seconds that the command gate may take
MIGRATION_LIMIT = 7200.0  # seconds that the migration may take


def controller(
    settings: Settings,
    drivers: Drivers,
    place: Place,
    stack: str,
    *,
    stop: threading.Event,
    say: Callable[[str], None],
    done: Callable[[Entry], None],
) -> Controller:
    """What walks at *place*; *done* gets the entry of each walk that ended."""
    return Controller(
        router=drivers.router(place),
        fleets=drivers.fleets(place),
        source=drivers.source(place) if settings.strategy.gates else None,
        smoke=lambda version, check: smoke.run(
            "the command gate", settings.strategy.command, _given(settings, place, version), check, COMMAND_LIMIT
        ),
        migrate=lambda version, schema, check: smoke.run(
            "the migration",
            settings.strategy.migrate,
            {**_given(settings, place, version), "SLUICE_SCHEMA": str(schema)},
            check,
            MIGRATION_LIMIT,
        ),
        journal=stores.journal(journal_place(settings, stack), drivers.s3, say),
        clock=RealClock(),
        stop=stop,
        say=say,
        done=done,
    )


def order(
    settings: Settings,
    stack: str,
    recorded: Shares | None,
    created: frozenset[str] = frozenset(),
    retired: frozenset[str] = frozenset(),
) -> Order:
    """What *settings* ask for; what the environment adds (SLUICE_TAKE_OVER, SLUICE_DOWN) is meant for one run."""
    return Order(
        service=settings.service.name,
        stack=stack,
        recorded=recorded,
        planned=settings.traffic.shares,
        declared=frozenset(release.version for release in settings.releases),
        strategy=settings.strategy,
        contracts={release.version: release.contract for release in settings.releases},
        sizes={release.version: release.size for release in settings.releases if not release.external},
        created=created,
        previews=frozenset(settings.previews.open),
        retired=retired,
        take_over=os.environ.get("SLUICE_TAKE_OVER") == "yes",
        down=os.environ.get("SLUICE_DOWN") == stack,
    )


def journal_place(settings: Settings, stack: str) -> str:
    """Where the journal of *stack* is kept: a folder, or an s3:// URL."""
    return settings.journal or str(Path(".sluice", "journal", stack))


def _given(settings: Settings, place: Place, version: str) -> dict[str, str]:
    """The environment of a command: what *version* is, and how to reach it before it has a share."""
    header = f"X-Slice: {naming.isolation_value(version, settings.salt)}"
    artifact = next((one.artifact for one in settings.releases if one.version == version), "")
    given = {"SLUICE_URL": place.url, "SLUICE_HEADER": header, "SLUICE_VERSION": version}
    return {**given, "SLUICE_ARTIFACT": artifact}
