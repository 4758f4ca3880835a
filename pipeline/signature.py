"""Who sent a hook: a signature over its body, or a secret in its path. Pure; each comparison takes the same time.

In: the secret, what came. Out: nothing, or RefusedError, which never says what was expected.
"""

import hashlib
import hmac
import re

from pipeline.errors import RefusedError

SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})")


def check_signature(secret: bytes, body: bytes, header: str | None) -> None:
    """RefusedError unless *header* (`sha256=…`) is the HMAC-SHA256 of *body*, byte for byte as it came."""
    if header is None:
        raise RefusedError(401, "there is no X-Hub-Signature-256; give the webhook a secret")
    match = SIGNATURE.fullmatch(header)
    if match is None:
        raise RefusedError(401, "X-Hub-Signature-256 is no SHA-256 signature")
    if not hmac.compare_digest(hmac.new(secret, body, hashlib.sha256).hexdigest(), match[1]):
        raise RefusedError(401, "X-Hub-Signature-256 is not that of this body")


def check_token(secret: bytes, given: str) -> None:
    """RefusedError unless *given*, the last part of the path, is the secret. It is as if there were nothing."""
    if not hmac.compare_digest(secret, given.encode()):
        raise RefusedError(404, "there is nothing here")
