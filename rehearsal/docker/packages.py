"""The daemon's program: found, or installed with apt-get when that is asked for."""

import os
import shutil
import subprocess
from collections.abc import Callable

from rehearsal.docker.errors import DockerError

PACKAGE = "docker.io"
SBIN = ("/usr/sbin", "/sbin")
INSTALL = ("apt-get", "install", "--yes", "--no-install-recommends", PACKAGE)
MINUTES = 10


def path() -> str:
    """PATH with the folders of an administrator's programs."""
    return os.pathsep.join((os.environ.get("PATH", os.defpath), *SBIN))


def dockerd(say: Callable[[str], None], *, install: bool) -> str:
    """The path of `dockerd`; DockerError when there is none."""
    if found := shutil.which("dockerd", path=path()):
        return found
    if not install:
        raise DockerError(f"dockerd is not installed (Debian's package is {PACKAGE})")
    if shutil.which("apt-get") is None:
        raise DockerError("dockerd is not installed, and there is no apt-get to install it with")
    for command in (("apt-get", "update"), INSTALL):
        say(" ".join(command))
        _run(command)
    if found := shutil.which("dockerd", path=path()):
        return found
    raise DockerError(f"{PACKAGE} was installed and brought no dockerd")


def _run(command: tuple[str, ...]) -> None:
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command,
            env=quiet,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=MINUTES * 60,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DockerError(f"`{' '.join(command)}` took more than {MINUTES} minutes") from None
    if done.returncode and command[1] != "update":  # an update that fails in part may still do
        said = done.stdout.strip().splitlines() or ["it said nothing"]
        raise DockerError(f"`{' '.join(command)}` failed: {said[-1]}")
