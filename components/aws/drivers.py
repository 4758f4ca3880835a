"""What a walk and an operator's look touch on AWS.

In: settings, and credentials as they and the environment name them. Out: `components.drivers.Drivers` on boto3.
"""

import threading
from collections.abc import Callable, Collection, Mapping
from typing import Any

from components.aws import parts
from components.aws.session import Session
from components.config_rollout import CloudWatch
from components.drivers import Place, prometheus
from components.release import Release
from components.settings import Settings
from rollout.autoscaling import AutoScalingFleets
from rollout.aws import asked
from rollout.clock import RealClock
from rollout.errors import RouterError
from rollout.metrics.cloudwatch import CloudWatchSource
from rollout.metrics.envoy import EnvoySource
from rollout.metrics.interface import Source
from rollout.quiet import await_quiet
from rollout.routers.alb import AlbRouter
from rollout.routers.interface import Health
from rollout.shares import Shares


class AwsDrivers:
    """Drivers for one account and region; RunError without credentials."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.session = Session(settings.aws)

    def router(self, place: Place) -> AlbRouter:
        """The driver of the weighted rule at *place*."""
        return AlbRouter(
            elbv2=self.session.client("elbv2"),
            autoscaling=self.session.client("autoscaling"),
            listener=place.listener,
            priority=place.priority,
            service=self._settings.service.name,
            groups=dict(place.groups),
            fleets=place.fleets,
        )

    def fleets(self, place: Place) -> AutoScalingFleets:
        """The Auto Scaling groups of the slices at *place*."""
        return AutoScalingFleets(autoscaling=self.session.client("autoscaling"), fleets=place.fleets)

    def source(self, place: Place) -> Source:
        """The source of counts that `sluice:metrics` names; the load balancer's own where it names none."""
        metrics, clock, over = self._settings.metrics, RealClock(), self._settings.slow
        if metrics.prometheus:
            return prometheus(metrics.prometheus, place)
        if metrics.envoy:
            clusters = {
                version: metrics.envoy.cluster.replace("{version}", version).replace(
                    "{group}", "-".join(group.split("/")[-2:])
                )
                for version, group in place.groups.items()
            }
            return EnvoySource(url=metrics.envoy.url, clock=clock, clusters=clusters, over=over)
        terms = {"period": metrics.cloudwatch.period, "late": metrics.cloudwatch.late} if metrics.cloudwatch else {}
        balancer = place.listener.replace(":listener/", ":loadbalancer/").rpartition("/")[0]
        cloudwatch = self.session.client("cloudwatch")
        return CloudWatchSource(
            cloudwatch=cloudwatch, clock=clock, groups=place.groups, balancer=balancer, over=over, **terms
        )

    def s3(self) -> Any:
        """A boto3 client."""
        return self.session.client("s3")

    def drift(self, planned: Shares) -> None:
        """None: the weighted rule is a resource, so a refresh sees it."""

    def prepare(self) -> None:
        """Nothing: target groups and rules are resources."""

    def await_quiet(self, slice_: Mapping[str, Any], stop: threading.Event, say: Callable[[str], None]) -> None:
        """Return once the fleet *slice_* carries nothing, and no request was seen for the drain time."""
        for group in slice_.get("targetGroupArns") or []:
            await_quiet(
                group=group,
                drain=self._settings.service.drain,
                late=(self._settings.metrics.cloudwatch or CloudWatch()).late,
                elbv2=self.session.client("elbv2"),
                cloudwatch=self.session.client("cloudwatch"),
                clock=RealClock(),
                stop=stop,
                say=say,
            )

    def health(self, place: Place, version: str) -> Health | None:
        """How healthy *version*'s slice is; None when its target group or fleet is gone."""
        fleet = place.fleets.get(version)
        if version not in place.groups or (fleet and not parts.fleet_of(self._patient("autoscaling"), fleet)):
            return None
        try:
            return self.router(place).health(version)
        except RouterError as error:
            if "TargetGroupNotFound" in str(error):
                return None
            raise

    def missing(self, place: Place, version: str) -> list[str]:
        """The parts of *version*'s slice that are no more, in words, its AMI apart."""
        elbv2, autoscaling, ec2 = (self._patient(one) for one in ("elbv2", "autoscaling", "ec2"))
        return parts.missing(elbv2, autoscaling, ec2, place.groups[version], place.fleets.get(version))

    def lost(self, releases: Collection[Release]) -> Mapping[str, str]:
        """By version, the AMI of each of *releases* that does not exist any more."""
        amis = {release.version: release.ami for release in releases if release.ami}
        if not amis:
            return {}
        query = {"Filters": [{"Name": "image-id", "Values": sorted(set(amis.values()))}]}
        found = asked("look the AMIs up", lambda: self._patient("ec2").describe_images(**query))
        there = {image["ImageId"] for image in found["Images"]}
        return {version: f"AMI {ami}" for version, ami in amis.items() if ami not in there}

    def _patient(self, service: str) -> Any:
        return self.session.client(service, patient=True)
