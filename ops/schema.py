"""`schema [N]`: what schema the data is recorded to be at; with N, what it is at since someone changed it by hand.

In: what is recorded beside the live weights, the stack's releases. Out: a line, and who can have no share; with N that
is recorded from now on. A walk that is on decides by itself: then nothing is changed.
"""

import time
from collections.abc import Callable
from dataclasses import replace

from components.settings import Settings
from ops.cloud import Cloud
from ops.errors import BusyError, OpsError
from ops.stack import Stack
from rollout import contract
from rollout.mark import is_alive
from rollout.schema import Schema

NOTHING = "nothing is recorded: no release that says what it reads and writes has had a share yet"


def schema(stack: Stack, at: int | None, say: Callable[[str], None]) -> None:
    """Tell it, or set it to *at*; OpsError where there is nothing to record it beside."""
    settings, state = stack.config().settings(), stack.state()
    cloud = Cloud(settings, state)
    live = cloud.live()
    found = live.schema if live else None
    if at is None:
        say(_told(found, settings) if found else NOTHING)
        return
    if live is None:
        raise OpsError("nothing splits traffic yet, so there is nothing to record it beside. Nothing was changed")
    if live.mark and is_alive(live.mark, time.time()):
        raise BusyError(f"a walk is on: {live.mark}. Wait for it, or end it with `ops stop`. Nothing was changed")
    made = replace(found, at=at, migrating=False) if found else Schema(at, at)
    cloud.set_schema(made)
    say(_told(made, settings))


def _told(schema: Schema, settings: Settings) -> str:
    barred = contract.closed(schema, {release.version: release.contract for release in settings.releases})
    return f"the data is at schema {schema}" + (f", which {', '.join(barred)} cannot read" if barred else "")
