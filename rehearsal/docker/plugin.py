"""The official pulumi-docker, where somebody installed it: it is used rather than the stand-in."""

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

NAME = "pulumi-resource-docker"
FOLDER = re.compile(r"resource-docker-v5\.(\d+)\.(\d+)")  # the SDK's major version


def folders(path: Sequence[str], stand_in: Path) -> list[str]:
    """What to put before *path* so that there is a plugin: nothing when one is on it, an installed one, or *stand_in*.

    The engine takes the first on PATH whatever its version is.
    """
    if path and shutil.which(NAME, path=os.pathsep.join(path)):
        return []
    return [str(installed() or stand_in)]


def installed() -> Path | None:
    """The newest that `pulumi plugin install resource docker` put into the caller's plugin folder."""
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    found = [
        (tuple(map(int, match.groups())), folder)
        for folder in (home / "plugins").glob("resource-docker-v*")
        if (match := FOLDER.fullmatch(folder.name)) and os.access(folder / NAME, os.X_OK)
    ]
    return max(found)[1] if found else None
