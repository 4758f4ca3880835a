"""What a registry says of an image: which digest a tag names now, what its build wrote into it, and who signed it.

In: a repository with its registry. Out: digests, tags, signatures; RegistryError while it cannot be asked. Credentials
are those of `docker login` (the Docker SDK reads them), asked for each time: they may be renewed.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from docker.auth import load_config, resolve_repository_name
from dxf import DXF, DXFBase
from dxf.exceptions import DXFError
from requests import Response
from requests.exceptions import ConnectionError as Unreachable
from requests.exceptions import HTTPError, RequestException

from pipeline import cosign
from pipeline.errors import RegistryError

CALL = 15.0  # seconds
CONFIG = 4 << 20  # bytes that a build may have written into an image's config
HUB = {"docker.io": "registry-1.docker.io"}
LOGIN = {"docker.io": "https://index.docker.io/v1/"}
LOOPBACK = ("127.0.0.1:", "localhost:", "[::1]:")
REVISION = "org.opencontainers.image.revision"
OLDEST = 1_000_000_000.0  # seconds; a build that says an earlier time says none


@dataclass(frozen=True)
class Image:
    """`digest` of the manifest; the `commit` it was built of and when (`created`), where its build says so."""

    digest: str
    commit: str | None = None
    created: float | None = None


class Repository:
    """One repository, such as `docker.io/acme/shop`; `where`: its host and path. Without a host it is on Docker Hub."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._registry, path = resolve_repository_name(re.sub(r":[^/]*$", "", name) if "/" in name else name)
        path = path if "/" in path or self._registry not in HUB else f"library/{path}"
        self.where = HUB.get(self._registry, self._registry), path

    def image(self, tag: str) -> Image | None:
        """What *tag* names now; None when there is no such tag."""
        return self._asked(lambda asked: _image(asked, tag))

    def tags(self) -> list[str]:
        """Every tag; none of a repository that does not exist yet."""
        return self._asked(lambda asked: list(asked.list_aliases())) or []

    def signature(self, digest: str) -> str | None:
        """All that cosign signed of the image of *digest*, as a release's `signature`; None when there is nothing."""
        return self._asked(lambda asked: _signature(asked, digest)) or None

    def _asked(self, question: Any) -> Any:
        host, path = self.where
        plain = host.startswith(LOOPBACK)
        try:
            with DXF(host, path, self._authenticate, insecure=plain, timeout=CALL) as asked:
                return question(asked)
        except HTTPError as error:
            if error.response is not None and error.response.status_code == 404:
                return None
            raise RegistryError(f"{self.name}: {error}") from None
        except Unreachable:
            raise RegistryError(f"{self.name}: {host} cannot be reached") from None
        except (DXFError, RequestException, ValueError, KeyError) as error:
            raise RegistryError(f"{self.name}: {_short(error) or type(error).__name__}") from None

    def _authenticate(self, asked: DXFBase, response: Response) -> None:
        found = load_config().resolve_authconfig(LOGIN.get(self._registry, self._registry)) or {}
        name, password = found.get("username") or found.get("Username"), found.get("password") or found.get("Password")
        asked.authenticate(name, password, actions=["pull"], response=response)


def _image(asked: DXF, tag: str) -> Image:
    manifest, digest = _manifest(asked, tag)
    if "manifests" in manifest:  # one for several CPUs: each was built of the same commit
        manifest, _ = _manifest(asked, manifest["manifests"][0]["digest"])
    config = json.loads(_blob(asked, manifest["config"]["digest"], CONFIG))
    labels: Mapping[str, str] = (config.get("config") or {}).get("Labels") or {}
    return Image(digest, labels.get(REVISION), _time(config.get("created")))


def _signature(asked: DXF, digest: str) -> str:
    manifest, _ = _manifest(asked, cosign.tag_of(digest))
    found = ((_blob(asked, blob, cosign.LARGEST), signature) for blob, signature in cosign.signatures(manifest))
    return " ".join(dict.fromkeys(cosign.written(payload, signature) for payload, signature in found if payload))


def _blob(asked: DXF, digest: str, most: int) -> bytes:
    """The blob's content; nothing of one that has more than *most* bytes, whatever its manifest says of it."""
    chunks, content = asked.pull_blob(digest), b""
    assert not isinstance(chunks, tuple)
    for chunk in chunks:
        content += chunk
        if len(content) > most:
            return b""
    return content


def _manifest(asked: DXF, reference: str) -> tuple[Any, str]:
    """A manifest, and its digest by its own content: what the registry says of that is not asked."""
    text, response = asked.get_manifest_and_response(reference)
    return json.loads(text), f"sha256:{hashlib.sha256(response.content).hexdigest()}"


def _time(text: Any) -> float | None:
    try:
        seen = datetime.fromisoformat(str(text)[:19] + "+00:00").timestamp()
    except ValueError:
        return None
    return seen if seen > OLDEST else None


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
