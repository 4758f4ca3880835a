"""Signs images as `cosign sign --key` does, and pushes it as cosign does in its classic form."""

import base64
import hashlib
import json
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from dxf import DXF
from requests.exceptions import HTTPError

KIND = "application/vnd.dev.cosign.simplesigning.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def payload(digest: str, repository: str = "docker.io/acme/shop") -> bytes:
    """What cosign signs of an image, as it writes it."""
    critical = {
        "identity": {"docker-reference": repository},
        "image": {"docker-manifest-digest": digest},
        "type": "cosign container image signature",
    }
    return json.dumps({"critical": critical, "optional": None}, separators=(",", ":")).encode()


class Signer:
    """One with a key of its own, of cosign's default kind; or with the one in the file *pem*."""

    def __init__(self, pem: Path | None = None) -> None:
        self._key: Any = load_pem_private_key(pem.read_bytes(), None) if pem else generate_private_key(SECP256R1())

    @property
    def pem(self) -> bytes:
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def public(self) -> str:
        """As sluice:trust has it."""
        return encoded(self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))

    def sign(self, what: bytes) -> str:
        return encoded(self._key.sign(what, ECDSA(SHA256())))

    def written(self, what: bytes) -> str:
        """As a release has it."""
        return f"cosign:{encoded(what)}:{self.sign(what)}"

    def layer(self, what: bytes) -> dict[str, Any]:
        """A layer of the manifest, which names the blob *what*."""
        return {
            "mediaType": KIND,
            "size": len(what),
            "digest": digest_of(what),
            "annotations": {"dev.cosignproject.cosign/signature": self.sign(what)},
        }


def push(host: str, repository: str, digest: str, *signers: Signer) -> None:
    """*signers* sign the image of *digest*, all at once; signatures that are there stay."""
    what = payload(digest, f"{host}/{repository}")
    put(host, repository, digest, [*layers(host, repository, digest), *(one.layer(what) for one in signers)], what)


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def tag_of(digest: str) -> str:
    return f"{digest.replace(':', '-')}.sig"


def layers(host: str, repository: str, digest: str) -> list[Any]:
    """What is there already."""
    with DXF(host, repository, insecure=True) as asked, suppress(HTTPError):
        return json.loads(asked.get_manifest_and_response(tag_of(digest))[0])["layers"]
    return []


def put(host: str, repository: str, digest: str, layers: list[Any], *blobs: bytes) -> None:
    """Push *blobs* and a manifest of *layers* under the tag of the signatures of *digest*."""
    config = b"{}"
    with DXF(host, repository, insecure=True) as asked:
        for blob in (config, *blobs):
            with NamedTemporaryFile() as file:
                file.write(blob)
                file.flush()
                asked.push_blob(file.name)
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "size": len(config), "digest": digest_of(config)},
            "layers": layers,
        }
        asked.set_manifest(tag_of(digest), json.dumps(manifest))
