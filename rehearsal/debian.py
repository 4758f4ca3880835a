"""Programs out of Debian's packages, fetched but not installed: no root, no service.

In: names of packages, a folder to keep them in. Out: the folder, with their files as they would lie below /;
DebianError says why not. The versions are those that the machine's own lists name.
"""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rehearsal.command import run

FETCH = 300.0  # seconds for each command


class DebianError(Exception):
    """The packages cannot be had here; the message says why."""


def unpacked(packages: Sequence[str], kept: Path) -> Path:
    """*kept* with the files of *packages*; fetched when it is not there, whole or not at all."""
    if kept.exists():
        return kept
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise DebianError("there is no apt-get here to fetch it")
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
        fetched = run(["apt-get", "download", *packages], FETCH, Path(scratch))
        archives = sorted(Path(scratch).glob("*.deb"))
        if len(archives) != len(packages):
            raise DebianError(f"run apt-get update first: {fetched.failure or 'no package came'}")
        tree = Path(scratch) / "tree"
        for archive in archives:
            done = run(["dpkg-deb", "--extract", str(archive), str(tree)], FETCH)
            if done.failure:
                raise DebianError(f"{archive.name} cannot be unpacked: {done.failure}")
        if not kept.exists():  # another run may have been faster
            tree.rename(kept)
    return kept
