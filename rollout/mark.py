"""The mark: what a walk leaves beside the live weights while it lasts, and who its owner is.

In and out: flat text fields, because an ALB rule keeps them as tags (letters, digits, space and `_.:/=+-@`, at most
256 characters a value).
"""

import getpass
import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass

import psutil

from rollout.shares import Shares, text

ACTOR = "SLUICE_ACTOR"  # in the environment


@dataclass(frozen=True)
class Owner:
    """The process that walks; `born` (unix seconds) tells it from a later process with the same pid."""

    user: str
    host: str
    pid: int
    born: int

    def __str__(self) -> str:
        return f"{self.user}@{self.host} (pid {self.pid})"


@dataclass(frozen=True)
class Mark:
    """One walk: `run` its id, `start` and `goal` its ends; past `until` (unix seconds) it counts as dead.

    `stop`: who asked it to put back what it moved; empty while nobody did.
    """

    run: str
    start: Shares
    goal: Shares
    owner: Owner
    until: int
    stop: str = ""

    def __str__(self) -> str:
        return f"{text(self.start)} → {text(self.goal)} by {self.owner}"


def me() -> Owner:
    """The present process as an owner; ACTOR names whom it acts for, where that is not its user."""
    user = os.environ.get(ACTOR) or getpass.getuser()
    return Owner(plain(user), plain(socket.gethostname()), os.getpid(), int(psutil.Process().create_time()))


def asker() -> str:
    """Whom the present process acts for, as what `stop` is."""
    owner = me()
    return f"{owner.user}@{owner.host}"


def is_alive(mark: Mark, now: float) -> bool:
    """Whether *mark*'s owner still walks at *now* (unix seconds).

    On this host the process itself tells; of another host only `until` is known.
    """
    if now > mark.until:
        return False
    if mark.owner.host != plain(socket.gethostname()):
        return True
    try:
        process = psutil.Process(mark.owner.pid)
        return int(process.create_time()) == mark.owner.born and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def to_fields(mark: Mark) -> dict[str, str]:
    """*mark* as text fields."""
    owner = mark.owner
    return {
        "run": mark.run,
        "from": _join(mark.start),
        "to": _join(mark.goal),
        "owner": f"{owner.user}@{owner.host} {owner.pid} {owner.born}",
        "until": str(mark.until),
        **({"stop": mark.stop} if mark.stop else {}),
    }


def from_fields(fields: Mapping[str, str]) -> Mark | None:
    """The mark in *fields*; None when there is none; ValueError when it cannot be read.

    A `stop` alone is what was asked of a walk that ended in the same moment.
    """
    if not set(fields) - {"stop"}:
        return None
    try:
        who, pid, born = fields["owner"].split(" ")
        user, _, host = who.rpartition("@")
        owner = Owner(user, host, int(pid), int(born))
        ends = _split(fields["from"]), _split(fields["to"])
        asked = (fields["stop"] or "somebody") if "stop" in fields else ""  # a tag by hand may be empty
        return Mark(fields["run"], *ends, owner, int(fields["until"]), asked)
    except (KeyError, ValueError) as error:
        raise ValueError(f"the mark {dict(fields)} cannot be read: {error}") from None


def _join(shares: Shares) -> str:
    return " ".join(f"{version}={tenths}" for version, tenths in sorted(shares.items()))


def _split(field: str) -> Shares:
    pairs = (part.rpartition("=") for part in field.split(" ") if part)
    return {version: int(tenths) for version, _, tenths in pairs}


def plain(name: str) -> str:
    """*name* of a user or a host as a mark has it."""
    return re.sub(r"[^A-Za-z0-9_.-]", "-", name)[:60]
