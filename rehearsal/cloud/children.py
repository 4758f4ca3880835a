"""Processes that the rehearsal cloud starts: how they are started, recognised again, and ended.

A process id alone may by now be another's, so a child is its id and its birth (psutil's creation time). A leashed child
ends when the process that started it does, also after `kill -9`. Only Linux has such a leash; elsewhere the next
`python -m rehearsal down` finds it by the record in `state.json`.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import psutil

from rehearsal.cloud import leash

HOME = "SLUICE_REHEARSAL"  # every child's environment names the home of the cloud that started it


def leashed(command: Sequence[str]) -> list[str]:
    """*command*, to be started from the main thread: the leash is tied to the thread that starts it."""
    return [sys.executable, "-I", "-S", leash.__file__, str(os.getpid()), *command]


@dataclass(frozen=True)
class Child:
    """One process: its id, and its creation time in Unix seconds."""

    pid: int
    born: float

    def process(self) -> psutil.Process | None:
        """The process while it lives; None once it ended, also when another one has its id by now."""
        try:
            process = psutil.Process(self.pid)
            lives = abs(process.create_time() - self.born) < 0.05 and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if lives else None

    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self.process() is not None


def child(pid: int) -> Child:
    """The process with *pid* that now runs; psutil.NoSuchProcess when none does."""
    return Child(pid, psutil.Process(pid).create_time())


def group(of: Child, home: str) -> list[psutil.Process]:
    """*of* and what it started in its process group, as far as they live and belong to the cloud at *home*."""
    leader = of.process()
    if leader is None and psutil.pid_exists(of.pid):
        return []  # another process has the id, so the group of that id is another's too
    members = [leader] if leader else []
    for process in psutil.process_iter():
        if process.pid != of.pid and _is_in(process, of.pid, home):
            members.append(process)
    return members


def _is_in(process: psutil.Process, group_id: int, home: str) -> bool:
    try:
        return os.getpgid(process.pid) == group_id and process.environ().get(HOME) == home
    except (psutil.Error, ProcessLookupError, PermissionError):
        return False


def end(processes: Iterable[psutil.Process], grace: float | None) -> list[psutil.Process]:
    """SIGTERM, *grace* seconds, SIGKILL; None: SIGKILL at once. Those still there after all are returned."""
    left = list(processes)
    steps = [(signal.SIGKILL, 5.0)] if grace is None else [(signal.SIGTERM, grace), (signal.SIGKILL, 5.0)]
    for number, seconds in steps:
        for process in left:
            _send(process, number)
        left = _wait(left, seconds)
    return left


def _send(process: psutil.Process, number: int) -> None:
    try:
        process.send_signal(number)  # psutil compares the creation time once more
    except psutil.NoSuchProcess:
        return


def _wait(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    until = time.monotonic() + seconds
    while True:
        processes = [one for one in processes if runs(one)]
        if not processes or time.monotonic() >= until:
            return processes
        time.sleep(0.02)


def runs(process: psutil.Process) -> bool:
    """Whether it does. A zombie does not: it has ended, and only its parent has not asked yet."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
