"""What is said to a registry: push an image, ask for a tag's digest, delete a manifest.

In: a registry that runs on loopback, perhaps the user to be. Out: references by digest; RegistryError as it said.
"""

import base64
import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import APIError

from rehearsal.cloud.loopback import LOOPBACK

LIMIT = 20.0  # seconds
LOG = "registry.log"
KINDS = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in (
        "docker.distribution.manifest.v2",
        "docker.distribution.manifest.list.v2",
        "oci.image.manifest.v1",
        "oci.image.index.v1",
    )
)


class RegistryError(Exception):
    """The registry cannot be had, or refused; the message is complete for a person."""


@dataclass(frozen=True)
class User:
    """Who may pull and push."""

    name: str
    password: str


@dataclass(frozen=True)
class Registry:
    """A registry that runs: `host` is `127.0.0.1:PORT`, the first part of its images' names."""

    home: Path
    port: int
    user: User | None = None

    @property
    def host(self) -> str:
        """The first part of the names of its images."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def url(self) -> str:
        """Where its API is."""
        return f"http://{self.host}"

    def push(self, client: docker.DockerClient, image: str, name: str) -> str:
        """Push the daemon's *image* as *name* (`shop:1`); its reference by digest, `127.0.0.1:PORT/shop@sha256:…`."""
        repository, _, tag = name.partition(":")
        where = f"{self.host}/{repository}"
        credentials = {"username": self.user.name, "password": self.user.password} if self.user else None
        try:
            client.images.get(image).tag(where, tag)
            told = list(client.images.push(where, tag, auth_config=credentials, stream=True, decode=True))
            client.images.remove(f"{where}:{tag}")
        except APIError as error:
            raise RegistryError(f"{image} cannot be pushed as {name}: {error.explanation}") from None
        if failure := next((line["error"] for line in told if "error" in line), None):
            raise RegistryError(f"{image} cannot be pushed as {name}: {failure}")
        return f"{where}@{next(line['aux']['Digest'] for line in told if 'Digest' in line.get('aux', {}))}"

    def digest(self, name: str) -> str | None:
        """The digest (`sha256:…`) that a tag (`shop:1`) names now; None when there is none of that name."""
        repository, _, tag = name.partition(":")
        status, headers = self._ask("HEAD", f"/v2/{repository}/manifests/{tag}")
        if status == 404:
            return None
        self._expect(status, 200, name)
        return headers["docker-content-digest"]

    def delete(self, reference: str) -> None:
        """Delete the manifest of a reference by digest, with all tags that name it."""
        repository, _, digest = reference.removeprefix(f"{self.host}/").partition("@")
        status, _ = self._ask("DELETE", f"/v2/{repository}/manifests/{digest}")
        self._expect(status, 202, reference)

    def _ask(self, method: str, path: str) -> tuple[int, Mapping[str, str]]:
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=LIMIT)
        headers = {"Accept": KINDS}
        if self.user:
            credentials = f"{self.user.name}:{self.user.password}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(credentials).decode()}"
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}
        except OSError as error:
            raise RegistryError(f"no registry answers at {self.url}: {error}") from None
        finally:
            connection.close()

    def _expect(self, status: int, wanted: int, name: str) -> None:
        if status != wanted:
            raise RegistryError(f"{name}: the registry at {self.url} says {status}, see {self.home / LOG}")
