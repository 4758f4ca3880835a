"""What really runs: a service's live traffic and the health of its slices, asked with the stack's own credentials.

In: the stack's settings and state. Out: plain answers, or an OpsError that says what could not be looked at.
"""

import threading
from collections.abc import Callable, Collection
from typing import TypeVar

import pulumi
from botocore.exceptions import ClientError

from components.aws.session import Session
from components.settings import PROJECT, Settings
from ops.errors import OpsError
from ops.facts import State
from rollout.autoscaling import AutoScalingFleets
from rollout.clock import RealClock
from rollout.errors import RolloutError, RouterError
from rollout.mark import Mark
from rollout.restore import restore
from rollout.routers.alb import AlbRouter, asked
from rollout.routers.interface import Health, Live

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
        self._router = AlbRouter(
            elbv2=self._session.client("elbv2"),
            autoscaling=self._session.client("autoscaling"),
            listener=there["listener"],
            priority=int(there["priority"]),
            service=there["service"],
            groups={version: one.group for version, one in slices.items()},
            fleets={version: one.fleet for version, one in slices.items()},
        )

    def live(self) -> Live | None:
        """The live shares and a walk's mark; None when nothing splits traffic."""
        return _told(self._router.read)

    def ask_stop(self, run: str) -> None:
        """Ask the walk *run* to end."""
        _told(lambda: self._router.ask_stop(run))

    def restore(self, mark: Mark) -> str:
        """Put back what was live before the walk of *mark*, lift what it held; what came of it, in words."""
        said = restore(self._router, RealClock(), threading.Event(), mark.start, mark)
        fleets = AutoScalingFleets(self._session.client("autoscaling"), self._router.fleets)
        _told(lambda: fleets.let_go({*mark.start, *mark.goal}))
        return said

    def health(self, version: str) -> Health | None:
        """How healthy *version*'s slice is; None when its target group or fleet is gone."""
        fleet = self._router.fleets.get(version)
        if version not in self._router.groups or (fleet and not self._has(fleet)):
            return None
        try:
            return self._router.health(version)
        except RouterError as error:
            cause = error.__cause__
            if isinstance(cause, ClientError) and "TargetGroupNotFound" in cause.response["Error"]["Code"]:
                return None
            raise OpsError(str(error)) from None

    def images(self, amis: Collection[str]) -> set[str]:
        """Those of *amis* that still exist."""
        ec2 = self._session.client("ec2")
        only = [{"Name": "image-id", "Values": sorted(amis)}]
        found = _told(lambda: asked("look the AMIs up", lambda: ec2.describe_images(Filters=only))) if amis else {}
        return {image["ImageId"] for image in found.get("Images", [])}

    def _has(self, fleet: str) -> bool:
        autoscaling = self._session.client("autoscaling")
        answer = _told(
            lambda: asked(
                "read the fleet", lambda: autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[fleet])
            )
        )
        return bool(answer["AutoScalingGroups"])


def _told(call: Callable[[], T]) -> T:
    try:
        return call()
    except RolloutError as error:
        raise OpsError(str(error)) from None
