"""The seam between a walk and the platform it walks on.

In: settings, where one service's weights live. Out: `Drivers`, behind which EC2 and Docker look the same.
"""

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from components.release import Release
from components.settings import Settings
from rollout.fleets import Fleets
from rollout.metrics.interface import Source
from rollout.routers.interface import Health, StoppableRouter


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


def drivers(settings: Settings) -> Drivers:
    """The drivers of the platform that *settings* name; RunError when it cannot be reached."""
    if settings.platform == "docker":
        from components.docker.drivers import DockerDrivers  # noqa: PLC0415  loaded only where it is used

        return DockerDrivers(settings)
    from components.aws.drivers import AwsDrivers  # noqa: PLC0415

    return AwsDrivers(settings)
