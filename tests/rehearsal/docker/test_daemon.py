"""A daemon of one's own: what it needs, what it leaves, and that another is never touched."""

import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import docker
import psutil
import pytest
from docker.models.containers import Container

from rehearsal.docker import daemon, packages, record
from rehearsal.docker.errors import DockerError
from tests.patience import PATIENCE, eventually
from tests.rehearsal.docker_provider import images

LINKS = Path("/sys/class/net")
# Its first thread ends a second before its second one.
LINGERS = """
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(1,)).start()
ctypes.CDLL(None).pthread_exit(None)
"""
needs_dockerd = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("dockerd", path=packages.path()) is None, reason="needs root and dockerd"
)


@pytest.fixture(autouse=True)
def nobody_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The default daemon of this machine is out of sight."""
    monkeypatch.setattr("rehearsal.docker.hosts.DEFAULT", f"unix://{tmp_path / 'none.sock'}")


@pytest.fixture
def home() -> Iterator[Path]:
    """A short path, without a daemon afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="sluice-"))
    yield folder
    daemon.take_down(folder, print)
    shutil.rmtree(folder)


def quiet(_text: str) -> None:
    return


def busy(host: str) -> tuple[Container, str]:
    """A running container on a network of its own; and the name of that network's bridge."""
    with closing(docker.DockerClient(base_url=host)) as client:
        client.api.import_image_from_data(images.root(), repository="shell")
        network = client.networks.create("apart")
        container = client.containers.run("shell", ["sleep", "1000"], network="apart", detach=True)
        container.reload()
        return container, f"br-{str(network.id)[:12]}"


def links(home: Path, network: str = "") -> list[str]:
    """Which of its bridges, and of what is plugged into them, this machine has."""
    mine = [name for name in (daemon.bridge_of(record.folder(home)), network) if name and (LINKS / name).exists()]
    return [*mine, *(port.name for name in mine for port in (LINKS / name / "brif").iterdir())]


def traces(home: Path) -> list[str]:
    """Processes and mounts of the daemon."""
    place = str(record.folder(home))
    found = [line for line in Path("/proc/mounts").read_text().splitlines() if f" {place}" in line]
    for process in psutil.process_iter():
        try:
            found += [word for word in process.cmdline() if f"{place}/" in word]
        except psutil.Error:
            continue
    return found


@needs_dockerd
def test_it_leaves_nothing_behind(home: Path) -> None:
    found = daemon.launch(home, {}, quiet)
    assert (found.ours, found.host) == (True, f"unix://{home}/docker/docker.sock")
    container, network = busy(found.host)
    inside, kept = container.attrs["State"]["Pid"], record.read(home)
    assert kept
    had = links(home, network)
    assert len(had) == 3
    assert daemon.take_down(home, quiet)
    assert ([one for one in had if (LINKS / one).exists()], traces(home), list(home.iterdir())) == ([], [], [])
    # Not even as zombies: their last parent is the system's first process, which takes its time.
    eventually(lambda: not psutil.pid_exists(inside), "its container is gone")
    eventually(lambda: not psutil.pid_exists(kept.process.pid), "its process is gone")
    assert not daemon.take_down(home, quiet)


def test_one_whose_threads_end_one_after_another_leaves_no_zombie(home: Path) -> None:
    """As dockerd's now and then do."""
    (home / "docker").mkdir()
    process = daemon.spawn(home / "docker", [sys.executable, "-c", LINGERS])
    record.write(home, record.Record(process, f"unix://{home / 'none.sock'}", "none"))
    eventually(lambda: not process.is_alive(), "its first thread has ended")
    assert daemon.take_down(home, quiet)
    assert not psutil.pid_exists(process.pid)


@needs_dockerd
def test_what_a_killed_one_left_is_taken_away_too(home: Path) -> None:
    container, network = busy(daemon.launch(home, {}, quiet).host)
    inside, kept = container.attrs["State"]["Pid"], record.read(home)
    assert kept
    os.kill(kept.process.pid, signal.SIGKILL)
    eventually(lambda: record.running(home) is None, "it is not running any more")
    had = links(home, network)
    assert (psutil.pid_exists(inside), len(had)) == (True, 3)
    assert daemon.find(home, {}) is None
    assert daemon.take_down(home, quiet)
    assert ([one for one in had if (LINKS / one).exists()], traces(home), list(home.iterdir())) == ([], [], [])
    # Its last parent is the system's first process.
    eventually(lambda: not psutil.pid_exists(inside), "its container is gone")


@needs_dockerd
def test_a_second_launch_finds_the_first(home: Path) -> None:
    first = daemon.launch(home, {}, quiet)
    pid = record.read(home)
    assert daemon.launch(home, {}, quiet) == first
    assert record.read(home) == pid


@needs_dockerd
def test_a_driver_that_does_not_work_makes_way_for_the_next(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "DRIVERS", ("no-such", "vfs"))
    with closing(docker.DockerClient(base_url=daemon.launch(home, {}, quiet).host)) as client:
        assert client.info()["Driver"] == "vfs"


@needs_dockerd
def test_one_that_does_not_start_says_why_and_leaves_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "DRIVERS", ("no-such",))
    with pytest.raises(DockerError, match=r"did not start: .*driver not supported") as caught:
        daemon.launch(home, {}, quiet)
    assert "python -m rehearsal docker up --install" in str(caught.value)
    assert (links(home), traces(home), list(home.iterdir())) == ([], [], [])


@needs_dockerd
def test_a_daemon_that_answers_is_used_and_left_alone(home: Path, tmp_path: Path) -> None:
    theirs = daemon.launch(home, {}, quiet)
    found = daemon.launch(tmp_path, {"DOCKER_HOST": theirs.host}, quiet)
    assert (found.host, found.ours) == (theirs.host, False)
    assert not daemon.take_down(tmp_path, quiet)
    assert daemon.find(home, {}) == theirs


@needs_dockerd
def test_two_of_them_share_nothing(home: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="sluice-") as name:
        other = Path(name)
        container, _ = busy(daemon.launch(home, {}, quiet).host)
        with closing(docker.DockerClient(base_url=daemon.launch(other, {}, quiet).host)) as client:
            assert (client.containers.list(all=True), client.images.list()) == ([], [])
        daemon.take_down(other, quiet)
        assert psutil.pid_exists(container.attrs["State"]["Pid"])


@needs_dockerd
def test_a_containers_published_port_and_address_are_reached(home: Path) -> None:
    with closing(docker.DockerClient(base_url=daemon.launch(home, {}, quiet).host)) as client:
        client.api.import_image_from_data(images.root(), repository="shell")
        container = client.containers.run("shell", ["sleep", "1000"], ports={"80/tcp": ("127.0.0.1", 0)}, detach=True)
        container.reload()
        (port,) = container.attrs["NetworkSettings"]["Ports"]["80/tcp"]
        assert port["HostIp"] == "127.0.0.1"
        socket.create_connection(("127.0.0.1", int(port["HostPort"])), PATIENCE).close()
        with pytest.raises(ConnectionRefusedError):  # by the container itself, which is reached and serves nothing
            socket.create_connection((container.attrs["NetworkSettings"]["IPAddress"], 80), PATIENCE)


def test_only_root_can_have_its_own(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    said: list[str] = []
    with pytest.raises(DockerError, match=r"no Docker daemon: only root can start .*set DOCKER_HOST"):
        daemon.launch(home, {"DOCKER_HOST": f"unix://{home}/none.sock"}, said.append)
    assert said == [f"DOCKER_HOST is unix://{home}/none.sock, where nobody answers"]


def test_a_daemon_of_another_machine_is_not_even_asked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(daemon, "answers", asked.append)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    said: list[str] = []
    with pytest.raises(DockerError):
        daemon.launch(home, {"DOCKER_HOST": "ssh://deploy@production"}, said.append)
    assert (asked, said) == ([], ["DOCKER_HOST is ssh://deploy@production, which is not this machine"])


@needs_dockerd
def test_a_home_too_deep_for_its_sockets_is_refused(home: Path) -> None:
    with pytest.raises(DockerError, match="too long for the daemon's sockets; give a shorter --home"):
        daemon.launch(home / ("deep" * 20), {}, quiet)


@needs_dockerd
def test_a_kernel_that_refuses_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise PermissionError("Operation not permitted")

    monkeypatch.setattr("rehearsal.docker.cgroups.prepare", refuse)
    with pytest.raises(DockerError, match="the kernel refuses: Operation not permitted"):
        daemon.launch(home, {}, quiet)
