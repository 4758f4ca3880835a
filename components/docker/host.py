"""One Docker host: its daemon, reached by a socket of this machine or through ssh.

In: `sluice:docker`'s `host` and `ssh`. Out: a client of the Docker SDK; RunError in one line when the host cannot be
reached.
"""

import os
import socket
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import docker
import pulumi
from docker.errors import APIError, DockerException, NotFound
from requests.exceptions import ConnectionError as NotConnectedError
from requests.exceptions import RequestException

from components.docker import tunnel
from components.docker.tunnel import Tunnel
from rollout.errors import RouterError

LOCAL = f"unix://{tunnel.SOCKET}"
HELLO = 15  # seconds until the daemon has to answer at first
CALL = 30  # seconds for one call


class Host:
    """The daemon at *url* (None: DOCKER_HOST, or this machine's). *options* go to ssh, before `options` of our own."""

    def __init__(self, url: str | None, options: Sequence[str] = ()) -> None:
        self.url = url or os.environ.get("DOCKER_HOST") or LOCAL
        self.options = [*options, *tunnel.ALWAYS]
        self._tunnel = Tunnel(self.url, self.options) if self.url.startswith("ssh://") else None

    @property
    def client(self) -> Any:
        """The SDK's client. RunError unless the daemon answers when it is first asked for; RequestException later, when
        a tunnel broke and cannot be made again.
        """
        client = self._connected
        self._stand(NotConnectedError)
        return client

    @cached_property
    def _connected(self) -> Any:
        try:
            self._stand(OSError)
            client = docker.DockerClient(base_url=self._base(), timeout=HELLO)
            client.ping()
        except (DockerException, RequestException, OSError) as error:
            raise pulumi.RunError(self._unreachable(error)) from None
        client.api.timeout = CALL
        return client

    def run(self, container: str, command: Sequence[str]) -> bytes:
        """What *command* prints inside *container*; RouterError, a passing one while the container is not up."""
        try:
            done = self.client.containers.get(container).exec_run(list(command), demux=True)
        except NotFound:
            raise RouterError(f"there is no container {container} on {self.url}") from None
        except (APIError, RequestException) as error:
            raise RouterError(f"{container} on {self.url} cannot be asked: {short(error)}", passing=True) from None
        out, err = done.output
        if done.exit_code is None:  # the way there broke, and whether the command ended nobody knows
            raise RouterError(f"{container} on {self.url} did not say how {command[0]} ended", passing=True)
        if done.exit_code:
            said = (err or out or b"").decode(errors="replace").strip()
            raise RouterError(f"{container} on {self.url}: {said or f'exit code {done.exit_code}'}", passing=True)
        return out or b""

    def _stand(self, raised: type[OSError]) -> None:
        """See that the tunnel stands, if there is one."""
        try:
            if self._tunnel:
                self._tunnel.stand()
        except OSError as error:
            raise raised(str(error)) from None

    def _base(self) -> str:
        if self._tunnel:
            return f"unix://{self._tunnel.near}"
        if self.url.startswith("unix://"):  # asked first: the SDK says it in five lines, and leaves a socket open
            with socket.socket(socket.AF_UNIX) as probe:
                if failed := probe.connect_ex(self.url.removeprefix("unix://")):
                    raise OSError(os.strerror(failed))
        return self.url

    def _unreachable(self, error: Exception) -> str:
        said, of_ssh = short(error), self._tunnel.complaint() if self._tunnel else ""
        if of_ssh not in said:
            said += f" (ssh says: {of_ssh})"
        return (
            f"sluice:docker.host: no Docker daemon answers at {self.url}: {said}; start one there (`systemctl "
            "start docker`), or write the address of another, such as host: ssh://deploy@shop-1.example.com"
        )


def short(error: Exception) -> str:
    """What *error* says, in a line."""
    if isinstance(error, APIError) and error.explanation:
        return str(error.explanation)
    return " ".join(str(getattr(error, "reason", None) or error).split())[:300]
