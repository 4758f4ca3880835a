"""What can go wrong, in words for the person who ran `pulumi up`.

RefusedError          the operation did not happen, and why
├── InUseError        something still holds the resource: deletes try again for a while
├── StoppedError      the wait was given up because the engine is stopping
└── UnfinishedError   the resource exists but is not what was asked for; the engine records it as it is
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class RefusedError(Exception):
    """The message names the operation, the resource, and the answer in its own words."""


class InUseError(RefusedError):
    """Something still holds it: deletes try again for a while."""


class StoppedError(RefusedError):
    """The wait was given up because the engine is stopping."""


class UnfinishedError(RefusedError):
    """Made or changed, but not done; `resource_id`, `state` and `inputs` are filled in before the engine gets it."""

    resource_id: str = ""
    state: dict[str, Any]
    inputs: dict[str, Any]


@dataclass(frozen=True)
class Outside:
    """What the library that reaches the world raises, all of it, and how one of these is told in one line."""

    errors: tuple[type[Exception], ...]
    told: Callable[[Exception], str]
