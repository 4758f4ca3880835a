"""The record of a running cloud, `home/state.json`: who it is, where it is reached, which processes are its own.

Written by the daemon when all is ready and whenever a process comes or goes, taken away at its end. What is left of it
after a crash says what to clean up.
"""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from rehearsal.cloud.children import Child, end, group
from rehearsal.files import replace

FILE = "state.json"
LOCK = "cloud.lock"
LOG = "cloud.log"
END = 30.0  # seconds for the daemon: its instances have 10 for their last requests
STOP = 10.0  # seconds for each of what it left


@dataclass(frozen=True)
class State:
    """`endpoint`: of the AWS API; `url`: of the listener; `admin`: Envoy's admin port; `error`: the loop's last one."""

    daemon: Child
    endpoint: str
    url: str
    admin: int
    children: tuple[Child, ...] = ()
    error: str | None = None


def read(home: Path) -> State | None:
    """What was recorded, be it of a running cloud or of one that crashed."""
    try:
        held = json.loads((home / FILE).read_text())
    except FileNotFoundError:
        return None
    children = tuple(Child(one["pid"], one["born"]) for one in held["children"])
    daemon = Child(held["pid"], held["born"])
    return State(daemon, held["endpoint"], held["url"], held["admin"], children, held.get("error"))


def running(home: Path) -> State | None:
    """The record of the cloud that runs at *home*; None when none does."""
    held = read(home)
    return held if held and held.daemon.is_alive() else None


def write(home: Path, state: State) -> None:
    """Record *state*."""
    held = {
        **asdict(state.daemon),
        "endpoint": state.endpoint,
        "url": state.url,
        "admin": state.admin,
        "children": [asdict(one) for one in state.children],
        "error": state.error,
    }
    replace(home / FILE, json.dumps(held))


def forget(home: Path) -> None:
    """Take the record away."""
    (home / FILE).unlink(missing_ok=True)


@contextmanager
def exclusive(home: Path, holder: Child) -> Iterator[bool]:
    """Whether *holder* is the one daemon of *home* while the block runs; the system ends that with the process."""
    with (home / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        lock.truncate(0)
        lock.write(json.dumps(asdict(holder)))
        lock.flush()
        yield True


def holder(home: Path) -> Child | None:
    """The daemon that runs at *home*, also while it is still starting."""
    try:
        held = json.loads((home / LOCK).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    found = Child(held["pid"], held["born"])
    return found if found.is_alive() else None


def end_all(home: Path) -> list[psutil.Process]:
    """End the daemon at *home* and all that is left of it; what could not be ended is returned."""
    alive = holder(home)
    left = end([process], END) if alive and (process := alive.process()) else []
    held = read(home)
    left += end([one for child in (held.children if held else ()) for one in group(child, str(home))], STOP)
    if not left:
        forget(home)
    return left
