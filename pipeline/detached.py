"""Verbs of `ops` in a process of their own, which outlives this one and leaves its exit code and what it said in files.

In: what to call it, where its files go, command lines. Out: how it ended. Whoever comes after a `kill -9` waits for it,
or reads how it ended.
"""

import os
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

# The code is written beside, then renamed: half of one is none.
KEPT = "code=$?; echo $code >{at}.new && mv {at}.new {at}.code"
PASSED_ON = re.compile(r'^.* failed: before hook "[a-z-]+" failed: ')
TAIL = 2000  # characters of what was said that are kept


@dataclass(frozen=True)
class End:
    """The exit code, and the last that was said."""

    code: int
    said: str


@dataclass(frozen=True, kw_only=True)
class Detached:
    """`mark` is the variable in the process's environment that holds its `name`; `place`: its files, but for their
    suffix; `project`: where it runs.
    """

    mark: str
    name: str
    place: Path
    project: Path

    def begin(self, lines: Sequence[Sequence[str]], environment: Mapping[str, str] | None = None) -> psutil.Process:
        """Start it: each of *lines* are the words of a verb, and the code of the last one counts."""
        self.place.parent.mkdir(parents=True, exist_ok=True)
        script = [shlex.join([sys.executable, "-m", "ops", *words]) for words in lines]
        with self._file("log").open("a") as log:
            process = subprocess.Popen(
                ["sh", "-c", "\n".join([*script, KEPT.format(at=shlex.quote(str(self.place)))])],
                cwd=self.project,
                env={**os.environ, **(environment or {}), self.mark: self.name},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # what ends this process ends no walk
            )
        known = psutil.Process(process.pid)
        threading.Thread(target=process.wait, daemon=True).start()  # else it stays a zombie once it has ended
        return known

    @property
    def begun(self) -> bool:
        """Whether it was started before."""
        return self._file("log").exists()

    @property
    def is_over(self) -> bool:
        """Whether it came to its end and left its code."""
        return self._file("code").exists()

    def end(self) -> End:
        """How it ended; a process that is gone and left no code was killed."""
        if not self.is_over:
            return End(1, "its process was killed")
        return End(int(self._file("code").read_text()), self._file("log").read_text(errors="replace")[-TAIL:].strip())

    def forget(self) -> None:
        """Take its files away: its end is kept elsewhere, or it is to begin anew."""
        for suffix in ("code", "log"):
            self._file(suffix).unlink(missing_ok=True)

    def running(self) -> psutil.Process | None:
        """Its first process; it may be one of an earlier life of ours."""
        for process in psutil.process_iter():
            try:
                if process.environ().get(self.mark) == self.name and is_on(process):
                    return process
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return None

    def _file(self, suffix: str) -> Path:
        return self.place.with_name(f"{self.place.name}.{suffix}")


def is_on(process: psutil.Process) -> bool:
    """Whether *process* still runs."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def gist(said: str) -> str:
    """The line that says most of what a verb *said*: the last that begins with `error:`, its own; else the last.

    Where the engine only passes on what the program refused, that.
    """
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("error:")]
    return PASSED_ON.sub("", (errors or lines or ["no reason was given"])[-1].removeprefix("error:").strip())
