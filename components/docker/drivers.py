"""What a walk and an operator's look touch on a Docker host.

In: settings. Out: `components.drivers.Drivers` on one Envoy container and the daemon.
"""

import threading
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from docker.errors import APIError, ImageNotFound
from requests.exceptions import RequestException

from components import naming
from components.aws.session import Session
from components.config_docker import Container
from components.docker import addresses, certificate, membership, names
from components.docker.host import Host, short
from components.drivers import Place, prometheus
from components.release import Release
from components.settings import Settings
from rollout.clock import RealClock
from rollout.envoy.config import Endpoint
from rollout.envoy.service import Group
from rollout.errors import MetricsError, RefusedError, RolloutError, RouterError
from rollout.fleets import Fixed, Fleets
from rollout.metrics.envoy import EnvoySource
from rollout.metrics.interface import Source
from rollout.quiet import await_still
from rollout.routers.envoy import EnvoyRouter
from rollout.routers.interface import Health
from rollout.shares import Shares, text


class DockerDrivers:
    """Drivers for one host; RunError when its daemon does not answer."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.host = Host(settings.docker.host, settings.docker.ssh)
        _ = self.host.client  # here and now: better than in the middle of a walk
        self._at = (settings.service.name, settings.docker.subnet, self.host)
        self._leaving = threading.Lock()
        self._left: set[str] = set()

    def router(self, place: Place) -> EnvoyRouter:
        """The driver of the weights in the Envoy container at *place*."""
        return EnvoyRouter(run=partial(self.host.run, place.listener), contents=place.groups)

    def own(self) -> EnvoyRouter:
        """The driver of the service's own router, where no slice is known yet."""
        return EnvoyRouter(run=partial(self.host.run, names.router(self.settings.service.name)), contents={})

    def fleets(self, place: Place) -> Fleets:
        """Containers of a number that never changes."""
        del place
        return Fixed()

    def source(self, place: Place) -> Source:
        """The source of counts that `sluice:metrics` names; the router's own counters where it names none."""
        metrics = self.settings.metrics
        if metrics.prometheus:
            return prometheus(metrics.prometheus, place)
        router = self.router(place)

        def ask(what: str, path: str) -> Any:
            try:
                return router.page(path)
            except RouterError as error:
                raise MetricsError(f"{what}: {error}") from error

        return EnvoySource(
            url=place.listener,
            clock=RealClock(),
            clusters={version: version for version in place.groups},
            over=self.settings.slow,
            ask=ask,
        )

    def s3(self) -> Any:
        """A boto3 client; a journal may be kept on AWS from here too."""
        return Session(self.settings.aws).client("s3")

    def drift(self, planned: Shares) -> Mapping[str, str]:
        """How live differs from *planned*, which no refresh sees; empty when it does not.

        A router that is not there may have lost its routes with its volume; one that does not answer, a walk tells of.
        """
        try:
            live, astray = self.own().read(), membership.astray(*self._at)
            off = {"off the network": ", ".join(astray)} if astray else {}
            off |= certificate.drift(self.settings.docker, self.own())
        except RolloutError:
            live, off = None, {}
        if live and live.shares == planned and not off:
            return {}
        seen = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        return {"live": text(live.shares) if live else "unknown", **off, "seen": seen}

    def prepare(self) -> None:
        """Before any share moves: put on the network what was taken off it, bound each container's processes, give the
        router its certificate where that was renewed, and let it know every declared slice.
        """
        membership.rejoin(*self._at)
        for release in self.settings.releases:
            limits = release.container or Container()
            for container in self._containers(release.version):
                self._bound(container, limits.processes)
        certificate.renew(self.settings.docker, self.host, names.router(self.settings.service.name), self.own())
        self.own().declare([self._group(release) for release in self.settings.releases])

    def _group(self, release: Release) -> Group:
        at = addresses.containers(self.settings.docker.subnet, release.version, release.size)
        return Group(
            version=release.version,
            targets=tuple(Endpoint(address, release.port) for address in at),
            health=release.health,
            header=naming.isolation_value(release.version, self.settings.salt),
        )

    def _containers(self, version: str) -> list[Any]:
        labels = [f"{names.SERVICE}={self.settings.service.name}", f"{names.VERSION}={version}"]
        try:
            return self.host.client.containers.list(all=True, filters={"label": labels})
        except (APIError, RequestException) as error:
            raise RouterError(f"list the containers of {version}: {short(error)}", passing=True) from None

    def _bound(self, container: Any, processes: int) -> None:
        """The provider knows no limit of processes, so the daemon is told, and asked whether it holds."""
        api = self.host.client.api
        try:
            held = container.attrs["HostConfig"].get("PidsLimit")
            if held != processes:
                path = api._url("/containers/{0}/update", container.id)
                api._raise_for_status(api._post_json(path, data={"PidsLimit": processes}))
                container.reload()
                held = container.attrs["HostConfig"].get("PidsLimit")
        except (APIError, RequestException) as error:
            raise RouterError(f"bound the processes of {container.name}: {short(error)}", passing=True) from None
        if held != processes:
            raise RouterError(
                f"{container.name} may have {held or 'any number of'} processes, not {processes}: the host's kernel "
                "does not limit them; Docker needs the pids cgroup"
            )

    def await_quiet(self, slice_: Mapping[str, Any], stop: threading.Event, say: Callable[[str], None]) -> None:
        """Return once the slice of container *slice_* gets no request any more; the router then knows it no longer."""
        version = names.label(slice_.get("labels") or [], names.VERSION)
        if version is None:
            return
        router = self.own()

        def look(begun: float, now: float) -> int:
            del begun, now
            live = router.read()
            if live and live.shares.get(version):
                raise RefusedError(
                    f"{version} still carries traffic (share {live.shares[version] / 10:g} %); nothing of its slice "
                    "was deleted"
                )
            return router.requests(version)

        with self._leaving:  # each of its containers asks
            if version not in self._left:
                await_still(
                    name=f"{self.settings.service.name}-{version}",
                    look=look,
                    drain=self.settings.service.drain,
                    clock=RealClock(),
                    stop=stop,
                    say=say,
                )
                router.forget(version)
                self._left.add(version)

    def health(self, place: Place, version: str) -> Health | None:
        """How healthy *version*'s slice is as the router sees it; None when none of its containers is there."""
        if version not in place.groups or not self._containers(version):
            return None
        return self.router(place).health(version)

    def missing(self, place: Place, version: str) -> list[str]:
        """The containers of *version*'s slice that are no more, in words."""
        del place
        wanted = next((one.size for one in self.settings.releases if one.version == version), 0)
        there = len(self._containers(version))
        return [f"{wanted - there} of {wanted} containers"] if there < wanted else []

    def lost(self, releases: Collection[Release]) -> Mapping[str, str]:
        """By version, the image of each of *releases* that is not on the host any more."""
        gone = {}
        for release in releases:
            try:
                self.host.client.images.get(release.image)
            except ImageNotFound:
                gone[release.version] = f"image {release.image}"
            except (APIError, RequestException) as error:
                raise RouterError(f"look {release.image} up: {short(error)}") from None
        return gone
