"""What an input value must be that only AWS asks for; the other rules are in `rehearsal.provider.rules`."""

import base64
import binascii
import re
from typing import Any


def base64_text(value: Any) -> str | None:
    """Base64, of at most 16 KB before encoding (InvalidUserData.Malformed at the API)."""
    try:
        size = len(base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError):
        return "must be base64"
    return None if size <= 16384 else f"must be at most 16384 bytes before encoding, not {size}"


def arn(value: Any) -> str | None:
    """An Amazon resource name."""
    return None if re.fullmatch(r"arn:[\w-]+:[\w-]+:[^:]*:[^:]*:.+", value) else "must be an ARN"
