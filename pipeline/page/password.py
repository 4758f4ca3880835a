"""Operators' passwords: only argon2id hashes are kept; a look takes as long whether the operator exists or not."""

from collections.abc import Mapping

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12  # characters
LONGEST = 256

_hasher = PasswordHasher()
_nobody = _hasher.hash("there is no such operator")


def hashed(given: str) -> str:
    """The hash of *given*; ValueError when it is too short to be safe, or too long to be typed."""
    if not SHORTEST <= len(given) <= LONGEST:
        raise ValueError(f"a password has {SHORTEST} to {LONGEST} characters; a few words that nobody would guess do")
    return _hasher.hash(given)


def is_hash(text: str) -> bool:
    """Whether *text* is what `hashed` gives."""
    try:
        extract_parameters(text)
    except (InvalidHashError, ValueError):
        return False
    return text.startswith("$argon2id$")


def is_right(operators: Mapping[str, str], name: str, given: str) -> bool:
    """Whether *given* is the password of *name*, of *operators* with their hashes."""
    try:
        _hasher.verify(operators.get(name, _nobody), given[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return name in operators
