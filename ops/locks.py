"""The engine's locks on a stack: who holds them, and whether that is over.

In: what the engine says when it is refused a lock. Out: one `Lock` for each. The engine breaks all of them or none
(`pulumi cancel`), and asks nobody; so what is broken here is looked at first.
"""

import re
import socket
from dataclasses import dataclass
from datetime import datetime

import psutil

from rollout.mark import Mark, plain

LINE = re.compile(r": created by (?P<user>.+)@(?P<host>\S+) \(pid (?P<pid>\d+)\) at (?P<at>\S+)$", re.MULTILINE)
CLOCKS = 60.0  # seconds by which a process may seem younger than the lock that it wrote


@dataclass(frozen=True)
class Lock:
    """The process that locked the stack, and since when (unix seconds)."""

    user: str
    host: str
    pid: int
    since: float

    def __str__(self) -> str:
        return f"{self.user}@{self.host} (pid {self.pid})"

    def is_dead(self, cut_short: Mark | None = None) -> bool:
        """Whether nobody can be at work under it: its process has ended.

        Of another host's process that cannot be seen. It counts as dead when the walk that was *cut_short*, whose lease
        has run out, was the same user's on the same host.
        """
        if self.host != socket.gethostname():
            of = cut_short.owner if cut_short else None
            return of is not None and (of.user, of.host) == (plain(self.user), plain(self.host))
        try:
            process = psutil.Process(self.pid)
            return process.create_time() > self.since + CLOCKS or process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True


def parse(refusal: str) -> list[Lock]:
    """The locks that *refusal* names; none when it is about something else."""
    return [
        Lock(one["user"], one["host"], int(one["pid"]), datetime.fromisoformat(one["at"]).timestamp())
        for one in LINE.finditer(refusal)
    ]
