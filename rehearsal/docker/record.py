"""The record of a daemon of our own, `HOME/docker/daemon.json`: which process it is, where it is reached.

Nothing here needs the Docker SDK, so that whoever only asks for the host need not load it.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from rehearsal.cloud.children import Child
from rehearsal.files import replace

FOLDER, FILE = "docker", "daemon.json"


@dataclass(frozen=True)
class Record:
    """A daemon that was started: its process, its DOCKER_HOST, the bridge that was made for it."""

    process: Child
    host: str
    bridge: str


def folder(home: Path) -> Path:
    """Where all of the daemon is."""
    return home.absolute() / FOLDER


def write(home: Path, record: Record) -> None:
    """Keep *record*."""
    replace(folder(home) / FILE, json.dumps(asdict(record)))


def read(home: Path) -> Record | None:
    """The record, also of a daemon that is dead; None when there is none."""
    try:
        kept = json.loads((folder(home) / FILE).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return Record(Child(**kept["process"]), kept["host"], kept["bridge"])


def running(home: Path) -> Record | None:
    """The record of the daemon while it lives."""
    found = read(home)
    return found if found and found.process.is_alive() else None
