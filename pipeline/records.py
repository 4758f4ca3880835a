"""What the backlog keeps: hints that were taken in, and the releases that were made of them. Times are unix seconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

COLUMNS = [
    *("service", "digest", "version", "tag", "commit_id", "pushed", "at", "state", "why", "told", "begun", "ended"),
    "signature",
]
State = Literal["known", "waiting", "running", "released", "failed", "superseded", "older"]


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A hint that was taken in: what to look up."""

    id: int
    service: str
    tag: str
    commit: str
    pushed: float
    at: float


@dataclass(frozen=True, kw_only=True)
class Release:
    """One image for one service. `known`: it was there before anything was released, and is left alone; `why`: what
    its end was; `told`: the last state that the sender of its commit was told of; `signature`: cosign's, where it
    is asked for.
    """

    service: str
    digest: str
    version: str
    tag: str
    commit: str
    pushed: float
    at: float
    state: State = "waiting"
    why: str = ""
    told: str = ""
    begun: float | None = None
    ended: float | None = None
    signature: str = ""


def of_row(row: Sequence[object]) -> Release:
    """The release in a *row* of COLUMNS."""
    names = [name.removesuffix("_id") for name in COLUMNS]
    return Release(**dict(zip(names, row, strict=True)))  # pyright: ignore[reportArgumentType]
