"""A Docker host behind a real sshd works like the local socket, and says in one line when it is not there."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from rehearsal.cloud.children import child
from rehearsal.load import dropped
from tests.e2e.conftest import ROOT, ok
from tests.e2e.dock import Dock, alone, docked
from tests.e2e.refusals import AT_ONCE, PREVIEW, refused
from tests.e2e.sshd import Sshd, serving
from tests.patience import PATIENCE, eventually

OPS = (sys.executable, "-m", "ops")


@pytest.fixture(scope="module")
def sshd(docker_host: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """Behind it is the daemon of the tests."""
    with serving(tmp_path_factory.mktemp("sshd"), docker_host) as sshd:
        yield sshd


@pytest.fixture(scope="module")
def built(docker_client, sshd: Sshd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dock]:
    """v1 live, v2 warm, all of it over ssh."""
    with docked(tmp_path_factory.mktemp("dock"), docker_client, sshd.url) as dock:
        dock.ssh = sshd.options
        dock.place()
        dock.release("v1", "v2")
        yield dock


def test_a_second_up_after_a_refresh_changes_nothing(dock):
    ok(dock.up("--expect-no-changes"))


def test_a_release_goes_in_steps_and_back_and_nothing_is_dropped(dock, clients):
    dock.declare({"v2": 100})
    text = ok(dock.up())
    assert "moved: v1 75 · v2 25" in text
    assert dock.state == alone("v2")
    ok(dock.stage.run(*OPS, "rollback", "v1"))
    assert dock.state == alone("v1")
    assert dropped(clients.stop()) == []


def test_ctrl_c_restores_through_the_tunnel(dock, clients):
    dock.declare({"v2": 100}, bake="30s")
    with dock.ramping(250) as up:
        os.killpg(up.pid, signal.SIGINT)  # as a terminal does
        text, _ = up.communicate(timeout=PATIENCE)
    assert "stopped by the operator. Restored v1 100" in text
    assert dock.live() == {"v1": 999}
    assert dropped(clients.stop()) == []


def test_no_tunnel_outlives_a_program_that_was_killed(sshd):
    reach = "import sys; from components.docker.host import Host; print(Host(sys.argv[1], sys.argv[2:]).client.ping())"
    command = [sys.executable, "-c", f"{reach}; sys.stdout.flush(); sys.stdin.read()", sshd.url, *sshd.options]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdout
        assert program.stdout.readline() == b"True\n"
        (tunnel,) = (child(one.pid) for one in psutil.Process(program.pid).children())
        program.kill()
    eventually(lambda: not tunnel.is_alive(), "the tunnel has ended")


def test_a_host_that_is_down_is_said_and_nothing_changes(dock, sshd):
    dock.declare({"v2": 100})
    sshd.kill()
    try:
        # The engine refreshes first, and so each resource says it in a line of its own.
        refused(dock, f"please make sure that {sshd.url} is reachable", "Connection refused")
        for verb in (["status"], ["rollback", "v2", "--now"]):
            done = dock.stage.run(*OPS, *verb)
            assert done.code != 0
            (said,) = done.text.strip().splitlines()
            assert f"sluice:docker.host: no Docker daemon answers at {sshd.url}: ssh: connect to host" in said
    finally:
        sshd.start()
    assert dock.state == alone("v1")
    ok(dock.stage.run(*PREVIEW))


def test_an_sshd_that_was_killed_and_is_back_is_not_noticed_by_a_walk(dock, sshd, clients):
    dock.declare({"v2": 100}, bake="3s")
    with dock.ramping(250) as up:
        sshd.kill()
        sshd.start()
        text, _ = up.communicate(timeout=PATIENCE)
    assert up.returncode == 0, text
    assert dock.state == alone("v2")
    assert dropped(clients.stop()) == []


def test_an_sshd_that_stays_away_is_said_and_the_next_up_goes_on(dock, sshd, clients):
    dock.declare({"v2": 100}, bake="30s")
    with dock.ramping(250) as up:
        sshd.kill()
        try:
            os.killpg(up.pid, signal.SIGINT)
            text, _ = up.communicate(timeout=PATIENCE)
        finally:
            sshd.start()
    assert up.returncode != 0
    assert "RESTORE FAILED" in text
    assert "`python -m ops recover` puts it back at once" in text
    assert "Traceback" not in text
    assert dock.live() == {"v1": 750, "v2": 250}
    dock.await_end()
    dock.declare({"v2": 100}, **AT_ONCE)
    eventually(lambda: dock.up().code == 0, "the next `up` goes on once the mark is past", 90)
    assert dock.state == alone("v2")
    assert dropped(clients.stop()) == []
