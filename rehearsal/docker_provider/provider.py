"""The stand-in for pulumi-docker: answers for exactly the types in `resources/registry.py`, through a local daemon."""

import os
from typing import Any

from rehearsal.docker_provider import config
from rehearsal.docker_provider.daemon import Daemon
from rehearsal.docker_provider.errors import DOCKER
from rehearsal.docker_provider.lifecycle import DockerLifecycle
from rehearsal.docker_provider.resources.registry import TYPES
from rehearsal.provider.errors import RefusedError
from rehearsal.provider.provider import StandIn
from rehearsal.provider.values import Props


class DockerProvider(StandIn[Daemon]):
    """Serves the engine until it is told to stop."""

    name = "docker"
    version = "5.2.0"  # of pulumi-docker, whose SDK asks for it
    types = TYPES
    outside = DOCKER

    def __init__(self) -> None:
        super().__init__()
        self._reach: config.Reach | None = None

    def connect(self, arguments: Props) -> None:
        """Connect to the daemon, or refuse to; also in a preview, as the real provider does."""
        reach = config.configured(arguments, os.environ)
        self.close()
        self._reach = reach

    def close(self) -> None:
        """Let go of the daemon."""
        if self._reach:
            self._reach.close()

    def lifecycle(self, kind: Any) -> DockerLifecycle:
        """With what the real provider forgets."""
        return DockerLifecycle(kind, self.outside)

    def world(self, props: Props, timeout: float) -> Daemon:
        """The one daemon of this provider."""
        del props, timeout
        if self._reach is None:
            raise RefusedError("provider docker: used before it was configured")
        return self._reach.daemon(self.stop)
