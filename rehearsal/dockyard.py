"""The place of the demo on containers: a real Docker daemon, a registry, and our images.

The daemon is the one that answers, else one of our own, which ends with the demo. On any other daemon only the images
sluice/node, sluice/router and sluice/postgres stay.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import docker
from docker.errors import APIError, ImageNotFound

from images import build, fetch
from images.errors import ImageError
from rehearsal import registry
from rehearsal.cloud.loopback import free
from rehearsal.console import DEFAULT_HOME
from rehearsal.docker import bridge, daemon, sample, service
from rehearsal.docker.errors import DockerError, SampleError
from rehearsal.place import PlaceError
from rehearsal.registry_client import Registry, RegistryError
from rehearsal.stage import Stage

SERVICE = "sluice-demo"


class Containers:
    """Containers on one Docker host."""

    name = "demo-containers"

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._started = False  # the daemon is ours, and was not there before
        self._host = ""
        self._client: docker.DockerClient | None = None
        self._registry: Registry | None = None
        self._images: list[str] = []

    def up(self, stage: Stage) -> None:
        """Find or start a daemon, build our three images there, start a registry."""
        try:
            self._started = daemon.find(DEFAULT_HOME, os.environ) is None
            self._host = daemon.launch(DEFAULT_HOME, os.environ, self._say).host
            self._client = build.connect(self._host)
            for make in (build.build_node, build.build_router, build.build_postgres):
                self._say(f"built {make(self._client, fetch.cache(), self._say).names[0]}")
            self._registry = registry.start(stage.home / "registry")
        except (DockerError, ImageError, RegistryError) as error:
            raise PlaceError(str(error)) from None
        (stage.home / "backend").mkdir(parents=True)
        self._say(f"Docker at {self._host}, registry at {self._registry.host}")

    def settings(self) -> Mapping[str, Any]:
        """One host, a network of no other's, and the router at any free port of loopback."""
        at = {"host": self._host, "port": free(), "subnet": bridge.subnet()}
        return {"platform": "docker", "service": {"name": SERVICE}, "docker": at}

    def release(self, stage: Stage, version: str, **environment: str) -> dict[str, Any]:
        """An image that is layered on sluice/node, pushed, and named by its digest."""
        del stage
        assert self._client
        assert self._registry
        tag = f"{SERVICE}:{version}"
        lines = [f"ENV {key}={value}" for key, value in {"BUILT": version, **environment}.items()]
        try:
            sample.build(self._client, tag, *lines)
            self._images.append(tag)
            self._images.append(self._registry.push(self._client, tag, tag))
        except (SampleError, RegistryError) as error:
            raise PlaceError(str(error)) from None
        return {"image": self._images[-1]}

    def down(self, stage: Stage) -> None:
        """Remove what the service left, the registry, and the daemon if it was started for this."""
        found = daemon.find(DEFAULT_HOME, os.environ)
        if found and not self._started:
            self._clear(self._client or docker.DockerClient(base_url=found.host, version="auto"))
        if self._client:
            self._client.close()
        registry.stop(stage.home / "registry")
        if self._started:
            daemon.take_down(DEFAULT_HOME, self._say)

    def _clear(self, client: docker.DockerClient) -> None:
        service.remove(client, SERVICE)
        for image in reversed(self._images):
            with suppress(ImageNotFound, APIError):  # another's container may have come to use it
                client.images.remove(image, force=True)
        client.close()
