"""A command run with a time limit, its output read line by line; nothing of it outlives the call."""

import contextlib
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """What a command printed, and why it failed (None when it did not)."""

    lines: tuple[str, ...]
    failure: str | None


def run(
    command: list[str],
    limit: float,
    cwd: Path | None = None,
    each_line: Callable[[str | None], None] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Run:
    """Run *command* for at most *limit* seconds, in a process group of its own that never outlives this call.

    *each_line* gets every line of its output as it comes, and None once a second while there is none.
    """
    try:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        return Run((), str(error))
    lines: list[str] = []
    until = time.monotonic() + limit
    try:
        for line in _lines(process, until):
            if line is not None:
                lines.append(line)
            if each_line:
                each_line(line)
        code = process.wait(max(until - time.monotonic(), 0.0))
    except subprocess.TimeoutExpired:
        return Run(tuple(lines), f"not done after {limit:.0f} s")
    finally:
        _end(process)
    return Run(tuple(lines), None if code == 0 else "\n".join(lines[-5:]) or f"it ended with code {code}")


def _lines(process: subprocess.Popen[str], until: float) -> Iterator[str | None]:
    """The lines printed up to the end of the output or the monotonic time *until*; None for a second without one."""
    arrived: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def pump() -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                arrived.put(line.rstrip())
        arrived.put(None)

    threading.Thread(target=pump, daemon=True).start()
    while (left := until - time.monotonic()) > 0:
        try:
            line = arrived.get(timeout=min(left, 1.0))
        except queue.Empty:
            yield None
        else:
            if line is None:
                return
            yield line


def _end(process: subprocess.Popen[str]) -> None:
    """End what is left of the process group; macOS says PermissionError of one that is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
