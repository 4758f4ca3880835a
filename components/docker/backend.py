"""The Docker backend: network, router, database, and a slice of containers for each release, on one host.

In: settings, drivers. Out: what `components.backend.Backend` promises.
"""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_docker as docker
from pulumi import Input, Output, ResourceHook, ResourceHookBinding, ResourceOptions

from components import naming, stateless
from components.backend import Target
from components.docker import addresses, names, preflight
from components.docker.data import Data, DataArgs
from components.docker.drivers import DockerDrivers
from components.docker.remnants import Remnants
from components.docker.router import Router, RouterArgs
from components.docker.slice import Slice, SliceArgs
from components.release import Release
from components.settings import Settings
from rollout.shares import Shares


class DockerBackend:
    """One service on one Docker host, behind an Envoy of its own."""

    def __init__(self, settings: Settings, drivers: DockerDrivers) -> None:
        preflight.check(settings, drivers.host)
        self._settings = settings
        self._host = drivers.host
        self._service = settings.service.name
        self.where: Mapping[str, str] = {}
        self.priority = 0
        provider = docker.Provider("docker", host=drivers.host.url, ssh_opts=drivers.host.options)
        self._opts = ResourceOptions(provider=provider)
        self._clear = ResourceHook("clear", Remnants(self._service, drivers.host, drivers.own().read).hook)
        self._network = self._make_network()
        args = RouterArgs(settings=settings.docker, host=drivers.host, network=self._network.name, clear=self._clear)
        self._router = Router(self._service, args, self._opts)
        self._data = self._make_data()
        # Known only once it stands: before that nothing can be asked of it.
        made = self._router.container
        self.listener: Input[str] = Output.all(made.id, made.name).apply(lambda known: known[1])
        self.url: Output[str] = Output.from_input(_url(settings))

    def _make_network(self) -> docker.Network:
        """Of a fixed name: one that is made anew under another takes every container with it."""
        subnet = self._settings.docker.subnet
        hooks = ResourceHookBinding(before_create=[self._clear])
        opts = ResourceOptions(protect=True, retain_on_delete=True, hooks=hooks)
        return docker.Network(
            self._service,
            name=names.network(self._service),
            driver="bridge",
            ipam_configs=[{"subnet": subnet, "gateway": addresses.gateway(subnet)}],
            opts=ResourceOptions.merge(self._opts, opts),
        )

    def _make_data(self) -> Data | None:
        """After the router, which tells of another stack's service of this name."""
        if (postgres := self._settings.data.postgres) is None:
            return None
        args = DataArgs(
            settings=postgres,
            host=self._host,
            network=self._network.name,
            subnet=self._settings.docker.subnet,
            rejoin=self._router.rejoin,
        )
        opts = ResourceOptions.merge(self._opts, ResourceOptions(depends_on=[self._router.container]))
        return Data(self._service, args, opts)

    def fault(self, spec: Mapping[str, Any]) -> str | None:
        """Why the image or a secret of a release's *spec* cannot be had; None when it can. An `up` pulls the image."""
        return preflight.fault(spec, self._host, pull=not pulumi.runtime.is_dry_run())

    def slice(self, release: Release, published: pulumi.Resource, let_go: ResourceHook) -> Target:
        """Build *release*'s containers after *published*."""
        args = SliceArgs(
            release=release,
            service=self._service,
            at=addresses.containers(self._settings.docker.subnet, release.version, release.size),
            network=self._network.name,
            drain=self._settings.service.drain,
            let_go=let_go,
            rejoin=self._router.rejoin,
            clear=self._clear,
            data=self._data,
        )
        # After router and database: what is found wrong with them is found before anything of a release is made.
        shared = [self._router.container, *([self._data.container] if self._data else [])]
        own = ResourceOptions(depends_on=[published, *shared], transformations=[stateless.only])
        opts = ResourceOptions.merge(self._opts, own)
        made = Slice(naming.logical(self._service, release.version), args, opts)
        return Target(version=release.version, group=made.group, fleet=None, resources=tuple(made.containers))

    def split(
        self, shares: Shares, targets: Mapping[str, Target], record: pulumi.Resource, hook: ResourceHook
    ) -> pulumi.Resource:
        """The record itself: the weights are in the router's files, which no resource stands for."""
        del shares, targets, hook
        return record


def _url(settings: Settings) -> str:
    of = settings.docker
    scheme, usual = ("https", 443) if of.certificate else ("http", 80)
    return f"{scheme}://{of.interface}" + ("" if of.port == usual else f":{of.port}")
