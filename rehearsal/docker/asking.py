"""What a daemon is asked over its API: whether it is there, and to let go of everything."""

import socket
from contextlib import closing, suppress
from urllib.parse import urlsplit

import docker
from docker.errors import DockerException
from requests.exceptions import RequestException

PATIENCE = 5.0  # seconds a daemon may take to answer
REMOVAL = 60.0


def answers(host: str) -> str | None:
    """The version of the daemon at *host*; None when nobody answers there, or when it is behind ssh."""
    if not listens(host):
        return None
    try:
        with closing(docker.DockerClient(base_url=host, version="auto", timeout=PATIENCE)) as client:
            return client.version()["Version"]
    except (DockerException, RequestException):
        return None


def empty(host: str) -> None:
    """Remove every container and network, as far as the daemon still does it."""
    try:
        with closing(docker.DockerClient(base_url=host, version="auto", timeout=REMOVAL)) as client:
            for container in client.containers.list(all=True, ignore_removed=True):
                with suppress(DockerException):
                    container.remove(force=True, v=True)
            for network in client.networks.list():
                with suppress(DockerException):  # the built-in ones stay
                    network.remove()
    except (DockerException, RequestException):
        return  # it hangs, or is gone


def listens(host: str) -> bool:
    """Whether anybody is at *host*. Asked first: the library leaves a socket open when nobody is."""
    parts = urlsplit(host)
    if parts.scheme == "unix":
        return _connects(socket.AF_UNIX, parts.path)
    family = socket.AF_INET6 if ":" in (parts.hostname or "") else socket.AF_INET
    return parts.scheme != "ssh" and _connects(family, (parts.hostname or "", parts.port or 2375))


def _connects(family: int, address: str | tuple[str, int]) -> bool:
    with closing(socket.socket(family, socket.SOCK_STREAM)) as one:
        one.settimeout(PATIENCE)
        try:
            one.connect(address)
        except OSError:
            return False
        return True
