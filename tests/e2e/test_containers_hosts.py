"""Hosts that are not as they should be: silent, full, or before a registry that knows its callers."""

import base64
import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from images.build import connect
from rehearsal.docker import record
from rehearsal.registry import start, stop
from rehearsal.registry_client import Registry, User
from rehearsal.stage import UP, Done
from tests import daemons
from tests.e2e.conftest import ok
from tests.e2e.dock import Dock
from tests.e2e.refusals import AT_ONCE, PREVIEW, refused, serving

SIZE = 3 << 30  # bytes of the small disk: what is written to it is in memory
LARGE, ROOM = 96 << 20, 32 << 20  # an image, and what is left for it
CLERK = User("clerk", "p:ss wörd")

pytestmark = pytest.mark.usefixtures("unmoved")


@pytest.fixture(scope="module")
def disk() -> Iterator[Path]:
    """A small one, with a daemon of its own on it; skipped where none can be."""
    folder = Path(tempfile.mkdtemp(prefix="sluice-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", str(folder)], capture_output=True, check=False
    )
    try:
        if mounted.returncode:
            pytest.skip(f"a small disk needs root: {mounted.stderr.decode().strip()}")
        with daemons.own(folder):
            yield folder
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def built(disk: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dock]:
    """v1 live."""
    kept = record.running(disk)
    assert kept
    with closing(connect(kept.host)) as client, serving(tmp_path_factory.mktemp("dock"), client, kept.host) as dock:
        yield dock


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Registry]:
    """A registry that answers CLERK alone."""
    yield start(tmp_path / "closed", CLERK)
    stop(tmp_path / "closed")


def large(dock: Dock, folder: Path) -> str:
    """v3, LARGE bytes more than v2, in the registry alone."""
    (folder / "ballast").write_bytes(os.urandom(LARGE))
    (folder / "Dockerfile").write_text("FROM shop-test:v2\nCOPY ballast /ballast\n")
    dock.client.images.build(path=str(folder), tag="shop-test:v3", rm=True)
    image = dock.registry.push(dock.client, "shop-test:v3", "shop:v3")
    dock.client.images.remove("shop-test:v3")
    return image


def beside(dock: Dock, image: str) -> str:
    """Declare v3 of *image*, without any share; the image."""
    dock.releases["v3"] = {"image": image}
    dock.declare({"v1": 100}, **AT_ONCE)
    return image


def gone(dock: Dock) -> None:
    """v3 leaves."""
    del dock.releases["v3"]
    dock.declare({"v1": 100}, **AT_ONCE)
    ok(dock.up())
    assert dock.containers("v3") == []


def test_a_daemon_that_takes_a_call_and_says_nothing_is_given_up(dock, tmp_path):
    at = tmp_path / "silent.sock"
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(at))
        silent.listen(64)
        dock.place(host=f"unix://{at}")
        done = dock.stage.run(*PREVIEW)
    assert done.code != 0
    assert f"sluice:docker.host: no Docker daemon answers at unix://{at}: " in done.text
    assert "timed out" in done.text
    assert "Traceback" not in done.text


def test_a_full_disk_is_said_and_with_room_the_same_up_succeeds(dock, disk, tmp_path):
    image = beside(dock, large(dock, tmp_path))
    filler = disk / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(disk).free - ROOM)
    try:
        ok(dock.stage.run(*PREVIEW))  # which pulls nothing
        said = f"sluice:releases.v3.image: {image} cannot be pulled to {dock.host}"
        refused(dock, said, "no space left on device", "make room there", preview=False)
        assert dock.ask() == (200, "v1")
        assert dock.containers("v3") == []
    finally:
        filler.unlink()
    ok(dock.up())
    assert dock.ask(X_Slice="v3") == (200, "v3")
    gone(dock)


def as_user(dock: Dock, folder: Path, registry: Registry, user: User, *command: str) -> Done:
    """*command*, after `docker login` of *user*."""
    secret = base64.b64encode(f"{user.name}:{user.password}".encode()).decode()
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"auths": {registry.host: {"auth": secret}}}))
    try:
        return dock.stage.run("env", f"DOCKER_CONFIG={folder}", *command)
    finally:
        shutil.rmtree(folder)


def test_who_logged_in_may_pull_and_who_did_so_wrongly_may_not(dock, closed, tmp_path):
    dock.build("v3", "ENV CLOSED=1")
    image = beside(dock, closed.push(dock.client, "shop-test:v3", "shop:3"))
    for command in (PREVIEW, UP):
        done = as_user(dock, tmp_path / "login", closed, User("clerk", "guessed"), *command)
        assert done.code != 0
        assert (
            f"sluice:releases.v3.image: {image} is not on {dock.host}, and its registry refuses who asks" in done.text
        )
        assert "docker login" in done.text
    ok(as_user(dock, tmp_path / "login", closed, CLERK, *UP))
    assert dock.ask(X_Slice="v3") == (200, "v3")
    gone(dock)
