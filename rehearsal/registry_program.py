"""The registry's program: on PATH, else out of Debian's package, fetched but not installed."""

import shutil

from rehearsal import debian, engine
from rehearsal.debian import DebianError
from rehearsal.registry_client import RegistryError

PROGRAM = "docker-registry"


def program() -> str:
    """The registry's program; fetched when it is not there."""
    if found := shutil.which(PROGRAM):
        return found
    try:
        tree = debian.unpacked([PROGRAM], engine.cache().parent / "debian" / PROGRAM)
    except DebianError as error:
        raise RegistryError(
            f"there is no {PROGRAM} here, and it cannot be fetched; install {PROGRAM} (on Debian: apt-get install "
            f"{PROGRAM}): {error}"
        ) from None
    return str(tree / "usr" / "bin" / PROGRAM)
