"""The router of a service on a Docker host: one Envoy container, with its routes on a volume.

In: where clients reach it, the network. Out: the container. No release is in it: not its image, nor its labels.

Its files are put on the volume before it first starts; which slices there are and what share each has is written there
by the rollout alone.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_docker as docker
from pulumi import Input, ResourceHook, ResourceHookArgs, ResourceHookBinding, ResourceOptions

from components.config_docker import Docker
from components.docker import addresses, archive, certificate, entry, membership, names, volumes
from components.docker.host import Host
from rollout.envoy import resources, scrape, service
from rollout.envoy.config import Listener
from rollout.envoy.service import ENTRY, ROUTES

ADMIN = 9901  # on the container's own loopback: no slice reaches it
GRACE = 10  # seconds
BOUNDS: Mapping[str, Any] = {
    "user": f"{archive.USER}:{archive.USER}",
    "read_only": True,
    "capabilities": {"drops": ["ALL"]},
    "security_opts": ["no-new-privileges:true"],
    "memory": 512,
    "memory_swap": 512,
    "log_driver": "json-file",
    "log_opts": {"max-size": "10m", "max-file": "3"},
    "restart": "unless-stopped",
    "must_run": True,
    "stop_signal": "SIGTERM",
    "stop_timeout": GRACE,
    "destroy_grace_seconds": GRACE,
}


@dataclass(frozen=True, kw_only=True)
class RouterArgs:
    """`clear`: the hook that takes away what a killed run left of it, before it is made."""

    settings: Docker
    host: Host
    network: Input[str]
    clear: ResourceHook


class Router(pulumi.ComponentResource):
    """Outputs: `container`. `rejoin`: a hook that puts a container back on the network before it is changed."""

    container: docker.Container
    rejoin: ResourceHook

    def __init__(self, name: str, args: RouterArgs, opts: ResourceOptions) -> None:
        super().__init__("sluice:docker:Router", name, None, opts)
        self._name = name
        self._args = args
        settings, host = args.settings, args.host
        lasting = ResourceOptions(parent=self, protect=True, retain_on_delete=True)
        volume = docker.Volume(name, name=names.volume(name), opts=lasting)
        image = docker.RemoteImage(
            f"{name}-router", name=settings.router, keep_locally=True, opts=ResourceOptions(parent=self)
        )
        self.rejoin = ResourceHook(
            "rejoin", lambda args: asyncio.to_thread(membership.rejoin, name, settings.subnet, host, args.id)
        )
        seed = ResourceHook("seed", lambda args: _seed(host, settings, args))
        mount = {"type": "volume", "source": volume.name, "target": names.FOLDER}
        at = {"name": args.network, "ipv4_address": addresses.router(settings.subnet)}
        self.container = self._container(image, {"mounts": [mount], "networks_advanced": [at]}, seed)
        self.register_outputs({"container": self.container.name})

    def _container(self, image: docker.RemoteImage, place: Mapping[str, Any], seed: ResourceHook) -> docker.Container:
        settings = self._args.settings
        return docker.Container(
            f"{self._name}-router",
            name=names.router(self._name),
            image=image.name,  # as it is written: a tag that was moved since replaces no router that serves
            entrypoints=["envoy"],
            command=["--config-path", f"{names.FOLDER}/bootstrap.json", "--log-level", "warning"],
            **BOUNDS,
            **place,
            ports=[
                {"internal": inside, "external": port, "ip": settings.interface, "protocol": "tcp"}
                for inside, port in entry.published(settings).items()
            ],
            # Where it listens is in a label too: a port entry is lost while the container is stopped, and would replace
            # it then, so that is ignored.
            labels=[
                {"label": "sluice.entry", "value": _entry(settings)},
                {"label": names.SERVICE, "value": self._name},
                *([{"label": "sluice.metrics", "value": str(settings.metrics)}] if settings.metrics else ()),
            ],
            opts=ResourceOptions(
                parent=self,
                ignore_changes=["ports"],
                hooks=ResourceHookBinding(before_create=[self._args.clear, seed], before_update=[self.rejoin]),
                delete_before_replace=True,
            ),
        )


def _entry(of: Docker) -> str:
    """Where it listens, and whether it speaks TLS there; by which certificate is no matter, it is renewed in place."""
    return f"{of.interface}:{of.port}" + (" tls" if of.certificate else "")


async def _seed(host: Host, settings: Docker, args: ResourceHookArgs) -> None:
    made = args.new_inputs or {}
    volume = next(one["source"] for one in made["mounts"] if one["target"] == names.FOLDER)
    await asyncio.to_thread(entry.probe, settings, host, made["image"], made["networksAdvanced"][0]["name"])
    await asyncio.to_thread(seed, host, made["image"], volume, files(settings))


def files(settings: Docker) -> dict[str, str]:
    """What Envoy starts from, by name: its own file, the listener, and the certificate where there is one."""
    listener = Listener(ENTRY, names.ENTRY, host="0.0.0.0")
    made = resources.listener(listener, names.FOLDER)
    if settings.certificate:
        made["filter_chains"][0]["transport_socket"] = service.tls(names.FOLDER)
    bootstrap, listeners = resources.bootstrap(names.FOLDER, ADMIN), [made]
    if settings.metrics:
        bootstrap["static_resources"] = {"clusters": [scrape.behind(ADMIN)]}
        listeners.append(scrape.scraped(names.SCRAPE, names.FOLDER))
    return {
        "bootstrap.json": json.dumps(bootstrap),
        "lds.json": resources.document(listeners)[0],
        service.PAIR: certificate.file(settings)[0],
    }


def seed(host: Host, image: str, volume: str, given: Mapping[str, str]) -> None:
    """Put *given* on *volume*, and routes for nobody where it has none yet."""
    with volumes.lender(host, image, volume, names.FOLDER) as lent:
        lent.put(archive.packed(dict(given) if lent.read(ROUTES) else {**given, **service.seed()}))
