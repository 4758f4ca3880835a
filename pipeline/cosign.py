"""Where cosign keeps what it signed of an image, in its classic form: a manifest under a tag made of the digest. Pure.

In: a digest, the manifest that its tag names. Out: where the signatures are, and how they are written as `signature` of
a release. Nothing here says that they are right: the program does, which knows whom it trusts (docs/provenance.md).
"""

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any

from components.config_types import BASE64

KIND = "application/vnd.dev.cosign.simplesigning.v1+json"
SIGNATURE = "dev.cosignproject.cosign/signature"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
BESIDE = re.compile(r"sha256-[0-9a-f]{64}(\..*)?")
# So many of these, written, fit into the 128 KiB of one argument of a command. What cosign signs has some 250 bytes.
MOST, LARGEST, LONGEST = 20, 4096, 256


def tag_of(digest: str) -> str:
    """The tag under which the signatures of the image of *digest* are."""
    return f"{digest.replace(':', '-')}.sig"


def is_beside(tag: str) -> bool:
    """Whether *tag* names no image but what is kept beside one: signatures, attestations, a list of such."""
    return BESIDE.fullmatch(tag) is not None


def signatures(manifest: Any) -> Iterator[tuple[str, str]]:
    """Of each signature in *manifest*, the newest MOST: the digest of the blob that was signed, and the signature."""
    layers = manifest.get("layers") if isinstance(manifest, Mapping) else None
    found = [_signature(layer) for layer in layers] if isinstance(layers, list) else []
    yield from [one for one in found if one][-MOST:]


def written(payload: bytes, signature: str) -> str:
    """One signature as a release has it."""
    return f"cosign:{base64.b64encode(payload).decode()}:{signature}"


def _signature(layer: Any) -> tuple[str, str] | None:
    try:
        kind, blob, size = layer["mediaType"], layer["digest"], layer["size"]
        signature = layer["annotations"][SIGNATURE]
        told = kind == KIND and DIGEST.fullmatch(blob) and 0 < size <= LARGEST
        # The program would refuse a release for one signature that is none, whatever the others are.
        if told and len(signature) <= LONGEST and re.fullmatch(BASE64, signature):
            return blob, signature
    except (LookupError, TypeError):  # whoever may push may write anything there
        pass
    return None
