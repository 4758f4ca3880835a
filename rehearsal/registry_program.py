"""The registry's program: on PATH, else out of Debian's package, fetched but not installed: no root, no service."""

import shutil
import tempfile
from pathlib import Path

from rehearsal import engine
from rehearsal.command import run
from rehearsal.registry_client import RegistryError

PROGRAM = "docker-registry"
ELSEWHERE = f"install {PROGRAM} (on Debian: apt-get install {PROGRAM})"
FETCH = 300.0  # seconds


def program() -> str:
    """The registry's program; fetched when it is not there."""
    if found := shutil.which(PROGRAM):
        return found
    kept = engine.cache().parent / "registry"
    if not (kept / PROGRAM).exists():
        _fetch(kept)
    return str(kept / PROGRAM)


def _fetch(kept: Path) -> None:
    """Take the program out of Debian's package; it appears whole in the folder *kept* or not at all."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise RegistryError(f"there is no {PROGRAM} here, and no apt-get to fetch it; {ELSEWHERE}")
    kept.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept) as scratch:
        fetched = run(["apt-get", "download", PROGRAM], FETCH, Path(scratch))
        package = next(Path(scratch).glob("*.deb"), None)
        if package is None:
            why = fetched.failure or "no package came"
            raise RegistryError(f"{PROGRAM} cannot be fetched; run apt-get update, or {ELSEWHERE}: {why}")
        unpacked = run(["dpkg-deb", "--extract", str(package), scratch], FETCH)
        if unpacked.failure:
            raise RegistryError(f"{package.name} cannot be unpacked: {unpacked.failure}")
        (Path(scratch) / "usr" / "bin" / PROGRAM).replace(kept / PROGRAM)
