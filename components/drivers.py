"""The seam between a walk and the platform it walks on.

In: settings, where one service's weights live. Out: `Drivers`, behind which EC2 and Docker look the same.
"""

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from components.config_rollout import Prometheus
from components.release import Release
from components.settings import Settings
from rollout.clock import RealClock
from rollout.fleets import Fleets
from rollout.metrics.interface import Source
from rollout.metrics.prometheus import PrometheusSource
from rollout.routers.interface import Health, StoppableRouter
from rollout.shares import Shares


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where one service's weights live: its listener, the rule's priority, the slices' groups and fleets, its URL."""

    listener: str
    priority: int
    url: str
    groups: Mapping[str, str]
    fleets: Mapping[str, str | None]


class Drivers(Protocol):
    """What touches one platform, with the stack's own credentials. RouterError when it does not answer."""

    def router(self, place: Place) -> StoppableRouter:
        """The driver of the weights at *place*."""
        ...

    def fleets(self, place: Place) -> Fleets:
        """The instances behind the slices at *place*."""
        ...

    def source(self, place: Place) -> Source:
        """The source of counts that `sluice:metrics` names."""
        ...

    def s3(self) -> Any:
        """A boto3 client, for a journal that is kept there; RunError without credentials."""
        ...

    def drift(self, planned: Shares) -> Mapping[str, str] | None:
        """How live differs from *planned*, where no refresh sees it; empty: not at all; None: a refresh sees it."""
        ...

    def prepare(self) -> None:
        """What the platform has to be told of the declared slices before any share may move."""
        ...

    def await_quiet(self, slice_: Mapping[str, Any], stop: threading.Event, say: Callable[[str], None]) -> None:
        """Return once the slice of which *slice_* are a part's recorded outputs may be deleted."""
        ...

    def health(self, place: Place, version: str) -> Health | None:
        """How healthy *version*'s slice is; None when it is not there (any more)."""
        ...

    def missing(self, place: Place, version: str) -> list[str]:
        """The parts of *version*'s slice that are no more, in words, its artifact apart."""
        ...

    def lost(self, releases: Collection[Release]) -> Mapping[str, str]:
        """By version, the artifact of each of *releases* that can be had no more, in words."""
        ...


def prometheus(of: Prometheus, place: Place) -> PrometheusSource:
    """The source that `sluice:metrics.prometheus` means, of the slices at *place*."""
    return PrometheusSource(
        url=of.url,
        clock=RealClock(),
        versions=sorted(place.groups),
        total=of.total,
        failed=of.failed,
        slow=of.slow,
        period=of.period,
    )


def drivers(settings: Settings) -> Drivers:
    """The drivers of the platform that *settings* name; RunError when it cannot be reached."""
    if settings.platform == "docker":
        from components.docker.drivers import DockerDrivers  # noqa: PLC0415  loaded only where it is used

        return DockerDrivers(settings)
    from components.aws.drivers import AwsDrivers  # noqa: PLC0415

    return AwsDrivers(settings)
