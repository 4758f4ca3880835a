"""Who built what a release is made of: a detached Ed25519 signature over its artifact, by a trusted builder. Pure.

In: the release, the builders' public keys. Out: why it is not to be trusted. docs/provenance.md shows how a builder
signs, with openssl alone.
"""

import base64
import binascii
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from components.release import Release

HEAD = "sluice release 1"


def statement(release: Release) -> str:
    """What a builder signs: the artifact, and nothing that a deploy may choose; of an image, the digest."""
    lines = [HEAD]
    if release.ami:
        lines.append(f"ami {release.ami}")
    if release.image:
        lines.append(f"image {release.image.rpartition('@')[2]}")
    return "".join(f"{line}\n" for line in lines)


def key(text: str) -> Ed25519PublicKey:
    """The public key in *text*, the base64 of a PEM file; ValueError when it is none."""
    try:
        found = load_der_public_key(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        raise ValueError("it is no public key") from None
    if not isinstance(found, Ed25519PublicKey):
        raise ValueError("it is no Ed25519 key")
    return found


def fault(release: Release, trusted: Mapping[str, str]) -> str | None:
    """Why *release* is not of one of the *trusted* builders (name → public key); None when it is, or none is named.

    What runs already and is only given traffic was built by nobody here.
    """
    if not trusted or release.external:
        return None
    names = ", ".join(sorted(trusted))
    if release.signature is None:
        example = f"{min(trusted)}:…"
        return f"signature is missing; sluice:trust asks for one by {names}; write signature: {example}"
    builder, _, signature = release.signature.partition(":")
    if builder not in trusted:
        return f"signature: {builder} is no builder of sluice:trust, which names {names}"
    try:
        key(trusted[builder]).verify(base64.b64decode(signature), statement(release).encode())
    except InvalidSignature:
        return f"signature: it is not {builder}'s over {release.artifact}; have that very artifact signed"
    return None
