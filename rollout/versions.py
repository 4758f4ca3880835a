"""Versions in the order that their names tell: v9 before v10. Pure.

The engine hands config over with its keys sorted as text, so how releases are listed in the stack file is not known to
the program; `ops`, which reads that file, goes by it.
"""

import re
from collections.abc import Iterable

NUMBER = re.compile(r"([0-9]+)")


def in_order(versions: Iterable[str]) -> list[str]:
    """*versions*, the lowest first, numbers within them as numbers."""
    return sorted(versions, key=lambda version: (_parts(version), version))


def _parts(version: str) -> list[str | int]:
    """Text and numbers in turn."""
    return [int(part) if at % 2 else part for at, part in enumerate(NUMBER.split(version))]
