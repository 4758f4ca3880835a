"""The Docker daemon that tests run on: one that answers, or one of their own.

Tests on several workers name their containers alike: each worker has a daemon of its own. Where none can be started,
which takes root, the workers take turns with the one that answers.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from rehearsal.docker import daemon, record
from rehearsal.docker.errors import DockerError

WORKER = "PYTEST_XDIST_WORKER"


@contextmanager
def for_tests(run: Path) -> Iterator[str]:
    """The daemon for all tests of this process, as in DOCKER_HOST; *run*: a folder that all workers of a run share."""
    with own_home() as home, ExitStack() as stack:
        try:
            host = stack.enter_context(launched(home, _apart(home) if WORKER in os.environ else os.environ))
        except DockerError as error:
            found = daemon.find(home, os.environ)
            if found is None:
                pytest.skip(str(error))
            stack.enter_context(_turn(run))
            host = found.host
        yield host


@contextmanager
def own(home: Path) -> Iterator[str]:
    """A daemon in *home* for one file of tests, as in DOCKER_HOST; skipped where none can be."""
    with ExitStack() as stack:
        try:
            host = stack.enter_context(launched(home, _apart(home)))
        except DockerError as error:
            pytest.skip(str(error))
        yield host


@contextmanager
def own_home() -> Iterator[Path]:
    """A folder for a daemon, with a short path, for its sockets."""
    home = Path(tempfile.mkdtemp(prefix="sluice-"))
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def launched(home: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """The daemon that the *environment* names if it answers, else one in *home*, while the block runs."""
    try:
        yield daemon.launch(home, environment, _silent, install="SLUICE_INSTALL_DOCKER" in os.environ).host
    finally:
        daemon.take_down(home, _silent)


def _apart(home: Path) -> dict[str, str]:
    """An environment in which no daemon is but that in *home*."""
    return {"DOCKER_HOST": f"unix://{record.folder(home) / 'docker.sock'}"}


def _silent(_text: str) -> None:
    return


@contextmanager
def _turn(run: Path) -> Iterator[None]:
    """No other worker of the *run* has its turn while the block runs."""
    with (run / "docker.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
