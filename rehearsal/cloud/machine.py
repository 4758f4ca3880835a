"""One instance's process, from its start until nothing of it is left."""

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rehearsal.cloud.children import Child, end, group, leashed
from rehearsal.cloud.images import Image
from rehearsal.cloud.loopback import answers
from rollout.envoy.config import Endpoint

BOOT = 10.0  # seconds until it counts as a target even when it does not listen
STOP = 10.0  # seconds from SIGTERM to SIGKILL


class StartError(Exception):
    """A machine's process could not be started."""


@dataclass
class Machine:
    """A process in a group of its own. Times are monotonic; `drained_by`: None until it leaves its fleet."""

    id: str
    fleet: str
    at: Endpoint
    started: float
    process: subprocess.Popen[bytes]
    as_child: Child
    version: str
    has_arrived: bool = False
    was_healthy: bool = False
    ill_since: float | None = None
    drained_by: float | None = None
    out_of_balancer: bool = False
    stopped: float | None = None

    @property
    def is_leaving(self) -> bool:
        """Whether its fleet has let it go."""
        return self.drained_by is not None

    @property
    def has_ended(self) -> bool:
        """Whether its process has; it is reaped then."""
        return self.process.poll() is not None

    def arrive(self, now: float) -> None:
        """Note whether it listens by now, or has had its time to."""
        self.has_arrived = self.has_arrived or answers(self.at.port) or now - self.started > BOOT

    def stop(self, now: float, home: str) -> None:
        """SIGTERM at the first call, SIGKILL to all that is left of it at any call `STOP` seconds later."""
        if self.stopped is None:
            self.stopped = now
            self.process.terminate()
        elif now - self.stopped > STOP:
            self.sweep(home)

    def sweep(self, home: str) -> None:
        """SIGKILL to whatever is left of it and of what it started."""
        end(group(self.as_child, home), grace=None)


def boot(image: Image, environment: Mapping[str, str], log: Path, wait: float = 0.0) -> subprocess.Popen[bytes]:
    """Start *image*'s command, *wait* seconds later; its output goes to *log*. StartError when that cannot be."""
    beside = str(Path(image.cwd) / image.command[0])
    found = shutil.which(image.command[0], path=environment.get("PATH")) or shutil.which(beside)
    if found is None:
        raise StartError(f"no program {image.command[0]} is there")
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with log.open("ab") as output:
            return subprocess.Popen(
                leashed([*_after(wait), found, *image.command[1:]]),
                cwd=image.cwd,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    except OSError as error:
        raise StartError(str(error)) from error


def _after(wait: float) -> list[str]:
    """What to put before a command that is to run *wait* seconds later, as the same process."""
    return ["/bin/sh", "-c", 'sleep "$0" && exec "$@"', f"{wait:g}"] if wait else []
