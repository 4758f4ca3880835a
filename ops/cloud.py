"""What really runs: a service's live traffic and the state of its slices, asked with the stack's own credentials.

In: the stack's settings and state. Out: plain answers, or an OpsError that says what could not be looked at or done.
"""

import threading
from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

import pulumi

from components import control
from components.drivers import Place, drivers
from components.release import Release
from components.settings import PROJECT, Settings
from ops.errors import OpsError
from ops.facts import State
from rollout import recovery
from rollout.clock import RealClock
from rollout.controller import Controller
from rollout.errors import RolloutError
from rollout.journal import Entry
from rollout.patience import Patience, PatientFleets, PatientRouter
from rollout.routers.interface import Health, Live
from rollout.schema import Schema

UNBUILT = "slice"  # what is missing of a version that was never built, or was retired

T = TypeVar("T")


class Cloud:
    """The service as it is now on its platform."""

    def __init__(self, settings: Settings, state: State) -> None:
        there = state.outputs.get(PROJECT)
        if there is None:
            raise OpsError("nothing is released yet: no `up` of this stack has gone through; run `pulumi up`")
        try:
            self._drivers = drivers(settings)
        except pulumi.RunError as error:
            raise OpsError(str(error)) from None
        slices = state.known(settings)
        self._settings = settings
        self._place = Place(
            listener=there["listener"],
            priority=int(there["priority"]),
            url=state.outputs.get("url", ""),
            groups={version: one.group for version, one in slices.items()},
            fleets={version: one.fleet for version, one in slices.items()},
        )
        self._router = self._drivers.router(self._place)

    def live(self) -> Live | None:
        """The live shares and a walk's mark; None when nothing splits traffic."""
        return _told(self._router.read)

    def ask_stop(self, run: str) -> bool:
        """Ask the walk *run* to put back what it moved; False when it is not on (any more)."""
        return _told(lambda: self._router.ask_stop(run))

    def recover(self, live: Live, say: Callable[[str], None]) -> None:
        """Undo the dead walk that is marked in *live*."""
        patience = Patience(RealClock(), threading.Event())
        fleets = PatientFleets(self._drivers.fleets(self._place), patience)
        _told(lambda: recovery.recover(PatientRouter(self._router, patience), fleets, RealClock(), live, say))

    def set_schema(self, schema: Schema) -> None:
        """Record what the data is at."""
        _told(lambda: PatientRouter(self._router, Patience(RealClock(), threading.Event())).set_schema(schema))

    def controller(
        self, stack: str, stop: threading.Event, say: Callable[[str], None], done: Callable[[Entry], None]
    ) -> Controller:
        """What walks here, as in a run of the program; *stack* as the program knows it."""
        return control.controller(self._settings, self._drivers, self._place, stack, stop=stop, say=say, done=done)

    def health(self, version: str) -> Health | None:
        """How healthy *version*'s slice is; None when it is not there (any more)."""
        return _told(lambda: self._drivers.health(self._place, version))

    def missing(self, version: str) -> list[str]:
        """The parts of *version*'s slice that are no more, its artifact apart; all of it when it was never built."""
        if version not in self._place.groups:
            return [UNBUILT]
        return _told(lambda: self._drivers.missing(self._place, version))

    def lost(self, releases: Collection[Release]) -> Mapping[str, str]:
        """By version, the artifact of each of *releases* that can be had no more, in words."""
        return _told(lambda: self._drivers.lost(releases))


def _told(call: Callable[[], T]) -> T:
    try:
        return call()
    except RolloutError as error:
        raise OpsError(str(error)) from None
