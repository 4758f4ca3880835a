"""The seam between the program and where it builds: what a backend promises, and what a slice hands on.

In: a release, the declared shares. Out: resources of one platform behind two small promises, so that `__main__.py`
reads the same on every platform.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pulumi
from pulumi import Input, Output

from components.release import Release
from components.settings import Settings
from rollout.shares import Shares


@dataclass(frozen=True, kw_only=True)
class Target:
    """What one slice hands on to the traffic record.

    `group` is what the listener sends traffic to, `fleet` what starts the instances (None for an external release),
    `resources` what must stand before any share may move.
    """

    version: str
    group: Input[str]
    fleet: Input[str] | None
    resources: tuple[pulumi.Resource, ...]


class Backend(Protocol):
    """One platform's data layer, network and listener, made on construction, and the slices on top.

    `where`: what a published release is bound to beside its spec, such as a region.
    """

    listener: Input[str]
    url: Output[str]
    priority: int
    where: Mapping[str, str]

    def fault(self, spec: Mapping[str, Any]) -> str | None:
        """Why the artifact of a release's *spec* cannot be had, from the faulty key on; None when it can."""
        ...

    def slice(self, release: Release, published: pulumi.Resource, let_go: pulumi.ResourceHook) -> Target:
        """Build *release*'s slice after *published*; *let_go* guards its deletion."""
        ...

    def split(
        self, shares: Shares, targets: Mapping[str, Target], record: pulumi.Resource, hook: pulumi.ResourceHook
    ) -> pulumi.Resource:
        """Declare the weighted rule that holds *shares* once *record* has walked there; *hook* meets its drift."""
        ...


def backend(settings: Settings, drivers: Any) -> Backend:
    """The backend of the platform that *settings* name, over its *drivers*."""
    if settings.platform == "docker":
        from components.docker.backend import DockerBackend  # noqa: PLC0415  its provider is loaded only where it is used

        return DockerBackend(settings, drivers)
    from components.aws.backend import AwsBackend  # noqa: PLC0415

    return AwsBackend(settings, drivers.session)
