"""What runs, read once for all who look at the page: `python -m ops watch --json` in a process of its own, a service.

In: the command. Out: the newest frame, or why there is none. The process is there only while somebody looks, and what
it hangs on (a host that is down, a cloud that does not answer) holds nothing else up.
"""

import asyncio
import json
import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipeline.detached import gist

LINGER = 30.0  # seconds that a process is kept when nobody looks any more
AGAIN = 10.0  # seconds until one that ended is started anew
STALE = 10.0  # seconds without a frame after which the page says so
TURN = 1.0  # seconds between two looks whether anybody still looks
LINE = 4 * 1024 * 1024  # bytes of a frame
GRACE = 10.0  # seconds that a process may take to end


class Reader:
    """Of one service, by *command* run in *project*; `frame` is what `ops/snapshot.py` makes."""

    def __init__(self, command: Sequence[str], project: Path) -> None:
        self._command = command
        self._project = project
        self._until = self._at = 0.0
        self._why = ""
        self._task: asyncio.Task[None] | None = None
        self.frame: Mapping[str, Any] | None = None

    def look(self) -> None:
        """Somebody looks now."""
        self._until = time.monotonic() + LINGER
        if self._task is None or self._task.done():
            self._why, self.frame, self._at = "", None, time.monotonic()  # what was seen long ago is not shown as now
            self._task = asyncio.create_task(self._run())

    @property
    def trouble(self) -> str:
        """What is wrong with the frame, in a line; empty when it is right and of now."""
        silent = time.monotonic() - self._at
        if self._why:
            return self._why
        if self.frame is None and silent < STALE:
            return "being looked at for the first time"
        return f"no answer for {silent:.0f} s" if silent > STALE else str((self.frame or {}).get("trouble", ""))

    @property
    def is_fresh(self) -> bool:
        """Whether the frame is of now."""
        return self.frame is not None and not self._why and time.monotonic() - self._at <= STALE

    async def now(self, patience: float) -> Mapping[str, Any] | None:
        """A frame that came after this was asked; None when there is none within *patience* seconds, or can be none."""
        since = time.monotonic()
        self.look()
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while not (self.is_fresh and self._at > since):
                    if self._why:
                        return None
                    await asyncio.sleep(0.05)
                return self.frame
        return None

    async def stop(self) -> None:
        """End the process."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while time.monotonic() < self._until:
            await self._live()
            if time.monotonic() < self._until:
                await asyncio.sleep(AGAIN)

    async def _live(self) -> None:
        """One life of the process."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *self._command, cwd=self._project, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe, limit=LINE,
            start_new_session=True,
        )  # fmt: skip
        assert process.stdout
        assert process.stderr
        told = asyncio.create_task(_last(process.stderr))
        try:
            await self._follow(process.stdout)
        finally:
            await _end(process)
            with suppress(TimeoutError):
                self._why = await asyncio.wait_for(told, GRACE) or "its reader ended without saying why"

    async def _follow(self, lines: asyncio.StreamReader) -> None:
        """Take frames until there are no more, or nobody looks any more."""
        following = asyncio.create_task(self._take_all(lines))
        try:
            while time.monotonic() < self._until and not following.done():
                await asyncio.wait([following], timeout=TURN)
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError, ValueError):  # ValueError: no line that a frame could be
                await following

    async def _take_all(self, lines: asyncio.StreamReader) -> None:
        while line := await lines.readline():
            self.frame = json.loads(line)
            self._at, self._why = time.monotonic(), ""


async def _last(stream: asyncio.StreamReader) -> str:
    """What the process said was wrong, of its last lines; empty when it said nothing."""
    kept: list[str] = []
    async for line in stream:
        kept = [*kept[-19:], line.decode(errors="replace").strip()]
    return gist("\n".join(kept)) if kept else ""


async def _end(process: asyncio.subprocess.Process) -> None:
    """Have *process* end, and all that it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate() if number == signal.SIGTERM else os.killpg(process.pid, number)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), GRACE)
