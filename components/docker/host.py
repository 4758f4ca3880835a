"""One Docker host: its daemon, reached by a socket of this machine or through ssh.

In: `sluice:docker.host`. Out: a client of the Docker SDK; RunError in one line when the host cannot be reached.

Over ssh one tunnel is made to the daemon's socket and kept: each call then takes a tenth of what one over an ssh of its
own does (docker-types.md), and the SDK needs no ssh library.
"""

import atexit
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import docker
import pulumi
from docker.errors import APIError, DockerException, NotFound
from requests.exceptions import RequestException

from rollout.errors import RouterError

LOCAL = "unix:///var/run/docker.sock"
CONNECT = 15.0  # seconds until a tunnel has to stand
CALL = 30.0  # seconds for one call
POLL = 0.05
SSH = ("-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "ExitOnForwardFailure=yes")


class Host:
    """The daemon at *url* (None: DOCKER_HOST, or this machine's). *options* go to ssh."""

    def __init__(self, url: str | None, options: Sequence[str] = ()) -> None:
        self.url = url or os.environ.get("DOCKER_HOST") or LOCAL
        self.options = [*SSH, *options]

    @cached_property
    def client(self) -> Any:
        """The SDK's client, once the daemon has answered."""
        try:
            client = docker.DockerClient(base_url=self._base(), timeout=int(CALL))
            client.ping()
        except (DockerException, RequestException, OSError) as error:
            raise pulumi.RunError(self._unreachable(error)) from None
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
        if done.exit_code:
            said = (err or out or b"").decode(errors="replace").strip()
            raise RouterError(f"{container} on {self.url}: {said or f'exit code {done.exit_code}'}", passing=True)
        return out or b""

    def _base(self) -> str:
        if self.url.startswith("ssh://"):
            return self._tunnel()
        if self.url.startswith("unix://"):  # asked first: the SDK says it in five lines, and leaves a socket open
            with socket.socket(socket.AF_UNIX) as probe:
                if failed := probe.connect_ex(self.url.removeprefix("unix://")):
                    raise OSError(os.strerror(failed))
        return self.url

    def _tunnel(self) -> str:
        """A socket of this machine that leads to the host's; it ends with this process."""
        at = urlsplit(self.url)
        folder = tempfile.TemporaryDirectory(prefix="sluice-")
        near = Path(folder.name) / "docker.sock"
        port = ["-p", str(at.port)] if at.port else []
        user = ["-l", at.username] if at.username else []
        forward = ["-nNT", "-L", f"{near}:{at.path or LOCAL.removeprefix('unix://')}"]
        process = subprocess.Popen(
            ["ssh", *self.options, *forward, *port, *user, at.hostname or ""],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in a terminal leaves it: a restore goes through it
        )
        atexit.register(folder.cleanup)
        atexit.register(process.terminate)
        until = time.monotonic() + CONNECT
        while not near.exists():
            if process.poll() is not None:
                assert process.stderr is not None
                said = process.stderr.read().decode(errors="replace").strip().splitlines()
                raise OSError(said[-1] if said else f"ssh ended with code {process.returncode}")
            if time.monotonic() > until:
                raise OSError(f"no answer within {CONNECT:g} s")
            time.sleep(POLL)
        return f"unix://{near}"

    def _unreachable(self, error: Exception) -> str:
        return (
            f"sluice:docker.host: no Docker daemon answers at {self.url}: {short(error)}; start one there (`systemctl "
            "start docker`), or write the address of another, such as host: ssh://deploy@shop-1.example.com"
        )


def short(error: Exception) -> str:
    """What *error* says, in a line."""
    if isinstance(error, APIError) and error.explanation:
        return str(error.explanation)
    return " ".join(str(getattr(error, "reason", None) or error).split())[:300]
