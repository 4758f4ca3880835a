"""Who built what a release is made of: a signature over its artifact, by a trusted builder. Pure.

In: the release, the builders' public keys. Out: why it is not to be trusted. A signature is `BUILDER:SIGNATURE`,
detached, Ed25519 over `statement`; or `cosign:PAYLOAD:SIGNATURE`, as cosign signs images. Of several, with spaces
between, one is enough. docs/provenance.md shows how a builder signs, with openssl alone or with cosign.
"""

import base64
import binascii
import json
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from components.release import Release

HEAD = "sluice release 1"
COSIGN = "cosign container image signature"  # critical.type of what cosign signs of an image

Key = Ed25519PublicKey | EllipticCurvePublicKey


def statement(release: Release) -> str:
    """What a builder signs: the artifact, and nothing that a deploy may choose; of an image, the digest."""
    lines = [HEAD]
    if release.ami:
        lines.append(f"ami {release.ami}")
    if release.image:
        lines.append(f"image {_digest(release)}")
    return "".join(f"{line}\n" for line in lines)


def key(text: str) -> Key:
    """The public key in *text*, the base64 of a PEM file; ValueError when it is none of those that are taken."""
    try:
        found = load_der_public_key(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        raise ValueError("it is no public key") from None
    if isinstance(found, Ed25519PublicKey):
        return found
    if isinstance(found, EllipticCurvePublicKey) and isinstance(found.curve, SECP256R1):
        return found
    raise ValueError("it is neither an Ed25519 key nor an ECDSA one on P-256, as cosign makes it")


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
    keys = {name: key(text) for name, text in trusted.items()}
    faults: list[str] = []
    for one in release.signature.split():
        name, _, rest = one.partition(":")
        found = _cosign_fault(release, rest, keys) if ":" in rest else _detached_fault(release, name, rest, keys)
        if found is None:
            return None
        faults.append(found)
    return f"signature: {'; '.join(dict.fromkeys(faults))}"


def _detached_fault(release: Release, builder: str, signature: str, keys: Mapping[str, Key]) -> str | None:
    names = ", ".join(sorted(keys))
    if builder not in keys:
        return f"{builder} is no builder of sluice:trust, which names {names}"
    if not isinstance(keys[builder], Ed25519PublicKey):
        return f"{builder}'s key in sluice:trust is ECDSA, with which cosign signs; write signature: cosign:…"
    if not _is_signed(keys[builder], signature, statement(release).encode()):
        return f"it is not {builder}'s over {release.artifact}; have that very artifact signed"
    return None


def _cosign_fault(release: Release, given: str, keys: Mapping[str, Key]) -> str | None:
    if release.ami:
        return (
            f"cosign signs images, and {release.ami} is none; have both signed with openssl (docs/provenance.md), and "
            f"write signature: {min(keys)}:…"
        )
    encoded, _, signature = given.partition(":")
    payload = base64.b64decode(encoded)
    if not any(_is_signed(one, signature, payload) for one in keys.values()):  # until then it may say anything
        return (
            f"cosign:{encoded[:16]}… is by none of sluice:trust, which names {', '.join(sorted(keys))}; sign "
            f"{release.artifact} with a key of theirs, or add the signer's public key to sluice:trust"
        )
    kind, digest = _claims(payload)
    if kind != COSIGN:
        return f"what is signed is no claim of cosign's over an image; run `cosign sign` on {release.artifact}"
    if digest != _digest(release):
        return f"it is over {digest!r:.80}, not over {release.artifact}; have that very image signed"
    return None


def _claims(payload: bytes) -> tuple[object, object]:
    """What *payload*, cosign's "simple signing", says that it is, and of which image; None for what it does not say."""
    try:
        critical = json.loads(payload)["critical"]
        return critical["type"], critical["image"]["docker-manifest-digest"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None, None


def _is_signed(by: Key, signature: str, what: bytes) -> bool:
    try:
        if isinstance(by, Ed25519PublicKey):
            by.verify(base64.b64decode(signature), what)
        else:
            by.verify(base64.b64decode(signature), what, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _digest(release: Release) -> str:
    return (release.image or "").rpartition("@")[2]
