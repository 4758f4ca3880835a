"""A command run with a time limit, its output read line by line; nothing of it outlives the call."""

import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
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
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        return Run((), str(error))
    try:
        lines, in_time = _read(process, time.monotonic() + limit, each_line)
        if not in_time:
            return Run(tuple(lines), f"not done after {limit:.0f} s")
        code = process.wait()
        return Run(tuple(lines), None if code == 0 else "\n".join(lines[-5:]) or f"it ended with code {code}")
    finally:
        _end(process)


def _read(
    process: subprocess.Popen[str], until: float, each_line: Callable[[str | None], None] | None
) -> tuple[list[str], bool]:
    """The lines printed up to the end of the output, and whether that came before the monotonic time *until*."""
    arrived: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def pump() -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                arrived.put(line.rstrip())
        arrived.put(None)

    threading.Thread(target=pump, daemon=True).start()
    lines: list[str] = []
    while time.monotonic() < until:
        try:
            line = arrived.get(timeout=1.0)
        except queue.Empty:
            line = ""
        else:
            if line is None:
                return lines, True
            lines.append(line)
        if each_line:
            each_line(line or None)
    return lines, False


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
