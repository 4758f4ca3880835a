"""Where a Docker daemon may be for a rehearsal: on this machine, and nowhere else.

A host is written as in DOCKER_HOST: `unix:///path`, `tcp://127.0.0.1:2375`, `ssh://user@localhost:22`.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from rehearsal.cloud.loopback import is_loopback

DEFAULT = "unix:///var/run/docker.sock"
SCHEMES = ("tcp", "http", "https", "ssh")


def wanted(environment: Mapping[str, str]) -> str:
    """The host that the *environment* names, or else the default one."""
    return environment.get("DOCKER_HOST") or DEFAULT


def is_local(host: str) -> bool:
    """Whether *host* is a unix socket, or an address of loopback."""
    parts = urlsplit(host)
    if parts.scheme == "unix":
        return bool(parts.path) and not parts.netloc
    return parts.scheme in SCHEMES and is_loopback(parts.hostname)
