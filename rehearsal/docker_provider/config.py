"""The provider's own configuration: which daemon, and credentials for registries.

Refused unless the daemon is on this machine, so that the stand-in can never change another one.
"""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from docker.api.client import APIClient

from rehearsal.docker.asking import listens
from rehearsal.docker.hosts import is_local, wanted
from rehearsal.docker_provider.daemon import Daemon
from rehearsal.docker_provider.errors import DOCKER_ERRORS, told
from rehearsal.docker_provider.tunnel import Tunnel
from rehearsal.provider.errors import RefusedError
from rehearsal.provider.values import UNKNOWN, Props

KNOWN = {"host", "sshOpts", "registryAuth", "disableDockerDaemonCheck", "version", "pluginDownloadUrl"}
UNSERVED = ("caMaterial", "certMaterial", "certPath", "context", "keyMaterial")
AUTH = {"address", "username", "password", "configFile", "configFileContent", "authDisabled"}
PATIENCE = 20 * 60  # seconds for one call, as the real provider's: a pull is one
HUB = "registry-1.docker.io"


class Reach:
    """How the daemon is reached: a socket at once, ssh by the first request, as the real provider does."""

    def __init__(self, host: str, ssh_options: list[str], auths: Mapping[str, Props]) -> None:
        self.host, self.auths = host, auths
        self._tunnel = Tunnel(host, ssh_options) if host.startswith("ssh://") else None
        self._client: APIClient | None = None if self._tunnel else self._connected(host)

    def client(self) -> APIClient:
        """The SDK's client, which asked the daemon for its version."""
        if self._client is None:
            assert self._tunnel
            self._client = self._pinged(self._tunnel)
        return self._client

    def daemon(self, stop: Any) -> Daemon:
        """What one request works with."""
        return Daemon(self.client(), self.auths, stop)

    def close(self) -> None:
        """Let go of everything."""
        if self._client:
            self._client.close()
        if self._tunnel:
            self._tunnel.close()

    @staticmethod
    def _connected(host: str) -> APIClient:
        if not listens(host):
            raise RefusedError(f"failed to connect to any docker daemon: nobody answers at {host}")
        try:
            return APIClient(base_url=host, version="auto", timeout=PATIENCE)
        except DOCKER_ERRORS as error:
            raise RefusedError(f"failed to connect to any docker daemon: {host}: {told(error)}") from error

    def _pinged(self, tunnel: Tunnel) -> APIClient:
        try:
            return APIClient(base_url=tunnel.host, version="auto", timeout=PATIENCE)
        except DOCKER_ERRORS as error:
            why = f"stderr={tunnel.complaint}" if tunnel.complaint else told(error)
            raise RefusedError(
                f"Error pinging Docker server, please make sure that {self.host} is reachable and has a  '_ping' "
                f"endpoint. Error: {why}"
            ) from error


def configured(arguments: Props, environment: Mapping[str, str]) -> Reach:
    """The daemon that *arguments* and *environment* name; RefusedError says what to write instead."""
    if strange := set(arguments) - KNOWN - set(UNSERVED):
        raise RefusedError(f"provider docker: unknown key {_listed(strange)}; this stand-in knows {_listed(KNOWN)}")
    if unserved := sorted({*arguments}.intersection(UNSERVED)):
        raise RefusedError(f"provider docker: {', '.join(unserved)} is not served by this stand-in; name the host")
    values = {name: _decoded(name, value) for name, value in arguments.items() if value is not UNKNOWN}
    host = values.get("host") or wanted(environment)
    if not is_local(host):
        raise RefusedError(
            f"provider docker: the host {host} is neither a unix socket nor on loopback; this stand-in refuses to work "
            "anywhere else. For another machine install the real pulumi-docker: "
            "pulumi plugin install resource docker 5.2.0"
        )
    options = values.get("sshOpts") or environment.get("DOCKER_SSH_OPTS", "").split()
    return Reach(host, list(options), auths(values.get("registryAuth") or [], environment))


def auths(given: Any, environment: Mapping[str, str]) -> dict[str, Props]:
    """A registry's host → its credentials, from the provider's `registryAuth`."""
    found = {}
    for one in given:
        if strange := set(one) - AUTH:
            raise RefusedError(f"provider docker: registryAuth: unknown key {_listed(strange)}")
        if not one.get("address"):
            raise RefusedError("provider docker: registryAuth: each needs an address")
        registry = _hostname(one["address"])
        found[registry] = {"serveraddress": one["address"], **_credentials(one, registry, environment)}
    return found


def _credentials(one: Props, registry: str, environment: Mapping[str, str]) -> Props:
    if one.get("authDisabled"):
        return {"username": "username", "password": "password"}
    username = one.get("username") or environment.get("DOCKER_REGISTRY_USER")
    if username:
        return {"username": username, "password": one.get("password") or environment.get("DOCKER_REGISTRY_PASS", "")}
    content = one.get("configFileContent") or _config_file(one, environment)
    for address, entry in json.loads(content).get("auths", {}).items():
        if _hostname(address) == registry and entry.get("auth"):
            name, _, secret = base64.b64decode(entry["auth"]).decode().partition(":")
            return {"username": name, "password": secret}
    raise RefusedError(f"provider docker: registryAuth: couldn't find registry config for '{registry}'")


def _config_file(one: Props, environment: Mapping[str, str]) -> str:
    path = Path(one.get("configFile") or environment.get("DOCKER_CONFIG") or "~/.docker/config.json").expanduser()
    path = path / "config.json" if path.is_dir() else path
    try:
        return path.read_text()
    except OSError as error:
        raise RefusedError(f"provider docker: registryAuth: could not open config file {path}: {error}") from error


def _hostname(address: str) -> str:
    return (urlsplit(address).netloc if "://" in address else address).split("/")[0]


def _decoded(name: str, value: Any) -> Any:
    """The SDK sends everything but strings as JSON in a string."""
    if not isinstance(value, str) or name in ("host", "version", "pluginDownloadUrl"):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        raise RefusedError(f"provider docker: {name} must be JSON, not {value!r}") from None


def _listed(names: Any) -> str:
    return ", ".join(sorted(names))
