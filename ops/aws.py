"""What really runs: a service's live traffic and the state of its slices, asked with the stack's own credentials.

In: the stack's settings and state. Out: plain answers, or an OpsError that says what could not be looked at or done.
"""

import threading
from collections.abc import Callable, Collection
from typing import Any, TypeVar

import pulumi

from components import control
from components.aws.session import Session
from components.settings import PROJECT, Settings
from ops import parts
from ops.errors import OpsError
from ops.facts import State
from ops.parts import fleet_of
from rollout import recovery
from rollout.autoscaling import AutoScalingFleets
from rollout.aws import asked
from rollout.clock import RealClock
from rollout.controller import Controller
from rollout.errors import RolloutError, RouterError
from rollout.journal import Entry
from rollout.patience import Patience, PatientFleets, PatientRouter
from rollout.routers.interface import Health, Live

UNBUILT = "slice"  # what is missing of a version that was never built, or was retired

T = TypeVar("T")


class Cloud:
    """The service on AWS as it is now."""

    def __init__(self, settings: Settings, state: State) -> None:
        there = state.outputs.get(PROJECT)
        if there is None:
            raise OpsError("nothing is released yet: no `up` of this stack has gone through; run `pulumi up`")
        try:
            self._session = Session(settings.aws)
        except pulumi.RunError as error:
            raise OpsError(str(error)) from None
        slices = state.known(settings)
        self._settings = settings
        self._place = control.Place(
            listener=there["listener"],
            priority=int(there["priority"]),
            url=state.outputs.get("url", ""),
            groups={version: one.group for version, one in slices.items()},
            fleets={version: one.fleet for version, one in slices.items()},
        )
        self._router = control.router(settings, self._session, self._place)

    def live(self) -> Live | None:
        """The live shares and a walk's mark; None when nothing splits traffic."""
        return _told(self._router.read)

    def ask_stop(self, run: str) -> bool:
        """Ask the walk *run* to put back what it moved; False when it is not on (any more)."""
        return _told(lambda: self._router.ask_stop(run))

    def recover(self, live: Live, say: Callable[[str], None]) -> None:
        """Undo the dead walk that is marked in *live*."""
        patience = Patience(RealClock(), threading.Event())
        fleets = AutoScalingFleets(self._session.client("autoscaling"), self._place.fleets)
        router = PatientRouter(self._router, patience)
        _told(lambda: recovery.recover(router, PatientFleets(fleets, patience), RealClock(), live, say))

    def controller(
        self, stack: str, stop: threading.Event, say: Callable[[str], None], done: Callable[[Entry], None]
    ) -> Controller:
        """What walks here, as in a run of the program; *stack* as the program knows it."""
        return control.controller(self._settings, self._session, self._place, stack, stop=stop, say=say, done=done)

    def health(self, version: str) -> Health | None:
        """How healthy *version*'s slice is; None when its target group or fleet is gone."""
        fleet = self._place.fleets.get(version)
        if version not in self._router.groups or (
            fleet and not _told(lambda: fleet_of(self.client("autoscaling"), fleet))
        ):
            return None
        try:
            return self._router.health(version)
        except RouterError as error:
            if "TargetGroupNotFound" in str(error):
                return None
            raise OpsError(str(error)) from None

    def missing(self, version: str) -> list[str]:
        """The parts of *version*'s slice that are no more, its AMI apart; the whole of it when it was never built."""
        group, fleet = self._router.groups.get(version), self._place.fleets.get(version)
        if group is None:
            return [UNBUILT]
        elbv2, autoscaling, ec2 = (self.client(one) for one in ("elbv2", "autoscaling", "ec2"))
        return _told(lambda: parts.missing(elbv2, autoscaling, ec2, group, fleet))

    def images(self, amis: Collection[str]) -> set[str]:
        """Those of *amis* that still exist."""
        if not amis:
            return set()
        query = {"Filters": [{"Name": "image-id", "Values": sorted(amis)}]}
        found = _told(lambda: asked("look the AMIs up", lambda: self.client("ec2").describe_images(**query)))
        return {image["ImageId"] for image in found["Images"]}

    def client(self, service: str) -> Any:
        """A boto3 client, for what is looked up outside of a walk."""
        return self._session.client(service, patient=True)


def _told(call: Callable[[], T]) -> T:
    try:
        return call()
    except RolloutError as error:
        raise OpsError(str(error)) from None
