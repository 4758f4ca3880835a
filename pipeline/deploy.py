"""A release, carried out as a person does: `python -m ops release VERSION --image …`, in a process of its own.

In: the release. Out: how it ended. The process outlives this one, and leaves its exit code and what it said in files:
whoever comes after a `kill -9` waits for it, or reads how it ended, and begins again only what never came to an end.
"""

import os
import shlex
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import psutil

from pipeline.records import Release
from pipeline.settings import Service

MARK = "SLUICE_RELEASE"  # in the process's environment: whose it is
# The code is written beside, then renamed: half of one is none.
KEPT = "code=$?; echo $code >{at}.new && mv {at}.new {at}.code"
POLL = 0.2
TAIL = 2000  # characters of what was said that are kept


@dataclass(frozen=True)
class End:
    """The exit code, and the last that was said."""

    code: int
    said: str


class Deploy:
    """Releases of *service* by *project*'s verbs, with files in *folder*; *stopped*: this process is to end."""

    def __init__(self, service: Service, project: Path, folder: Path, stopped: threading.Event) -> None:
        self._service = service
        self._project = project
        self._folder = folder
        self._stopped = stopped

    def __call__(self, release: Release) -> End | None:
        """Carry *release* out, or wait for the process that does; None when this one is to end before."""
        code = self._place(release).with_suffix(".code")
        process = running(release)
        if process is None and not code.exists():
            process = self._begin(release, again=self._place(release).with_suffix(".log").exists())
        while process and process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if self._stopped.wait(POLL):
                return None
        if not code.exists():
            return End(1, "its process was killed")
        said = self._place(release).with_suffix(".log").read_text(errors="replace")
        return End(int(code.read_text()), said[-TAIL:].strip())

    def forget(self, release: Release) -> None:
        """Take *release*'s files away: its end is kept elsewhere, or it is to begin anew."""
        for suffix in (".code", ".log"):
            self._place(release).with_suffix(suffix).unlink(missing_ok=True)

    def _begin(self, release: Release, *, again: bool) -> psutil.Process:
        place = self._place(release)
        place.parent.mkdir(parents=True, exist_ok=True)
        # A walk whose process is dead left its lock, too, which only this breaks.
        lines = [self._ops("recover")] if again else []
        lines.append(self._ops("release", release.version, "--image", f"{self._service.image}@{release.digest}"))
        with place.with_suffix(".log").open("a") as log:
            process = subprocess.Popen(
                ["sh", "-c", "\n".join([*lines, KEPT.format(at=shlex.quote(str(place)))])],
                cwd=self._project,
                env={**os.environ, MARK: _name(release)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # what ends this process ends no walk
            )
        return psutil.Process(process.pid)

    def _ops(self, *words: str) -> str:
        return shlex.join([sys.executable, "-m", "ops", *words, "--stack", self._service.stack])

    def _place(self, release: Release) -> Path:
        return self._folder / f"{release.service}-{release.digest.partition(':')[2][:12]}"


def running(release: Release) -> psutil.Process | None:
    """The first process that carries *release* out; it may be one of an earlier life of ours."""
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == _name(release) and process.status() != psutil.STATUS_ZOMBIE:
                return process
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return None


def _name(release: Release) -> str:
    return f"{release.service} {release.digest}"
