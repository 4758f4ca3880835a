"""A Docker daemon to use: the one that answers already, or else one of our own, below a home folder.

Our own shares nothing with another daemon: data, sockets, process id, containerd's namespace, cgroups' driver and the
default network's bridge are its own, and it leaves the firewall and the routing of the machine alone. Containers are
reached at their addresses and at published ports; they themselves reach nothing beyond the machine.
"""

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from rehearsal.cloud.children import Child, child, end
from rehearsal.docker import bridge, cgroups, leftovers, packages, record
from rehearsal.docker.asking import answers, empty
from rehearsal.docker.errors import DockerError
from rehearsal.docker.hosts import is_local, wanted
from rehearsal.docker.record import Record, folder

START = 60.0  # seconds until it has to answer
STOP = 30.0
POLL = 0.1
DRIVERS = ("overlay2", "vfs")  # vfs copies whole layers, and works everywhere
LONGEST = 60  # characters of its folder: paths of sockets below it may have 107
LOG = "dockerd.log"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Found:
    """A daemon that answers; `ours`: it was started here."""

    host: str
    version: str
    ours: bool


def find(home: Path, environment: Mapping[str, str]) -> Found | None:
    """The daemon to use: DOCKER_HOST's or the default one when it answers, else our own if it runs."""
    host = wanted(environment)
    if is_local(host) and (version := answers(host)):
        mine = record.running(home)
        return Found(host, version, mine is not None and mine.host == host)
    mine = record.running(home)
    version = answers(mine.host) if mine else None
    return Found(mine.host, version, True) if mine and version else None


def launch(home: Path, environment: Mapping[str, str], say: Say, *, install: bool = False) -> Found:
    """The daemon that answers, or else one of our own, started and ready. DockerError says how to get one.

    *install*: with apt-get, where none is installed.
    """
    if found := find(home, environment):
        return found
    if host := environment.get("DOCKER_HOST"):
        say(f"DOCKER_HOST is {host}, {'where nobody answers' if is_local(host) else 'which is not this machine'}")
    if os.geteuid() != 0:
        raise DockerError("only root can start a Docker daemon of its own")
    if len(str(folder(home))) > LONGEST:
        raise DockerError(f"the path {folder(home)} is too long for the daemon's sockets; give a shorter --home")
    try:
        with _alone():
            dockerd = packages.dockerd(say, install=install)
            take_down(home, say)  # what a crashed one left
            cgroups.prepare()
            return _started(home, dockerd, say)
    except OSError as error:
        take_down(home, say)
        raise DockerError(f"the kernel refuses: {error}") from error
    except BaseException:
        take_down(home, say)
        raise


def take_down(home: Path, say: Say) -> bool:
    """End our own daemon, with its containers, images and everything it left. False when there was nothing."""
    kept = record.read(home)
    if kept is None and not folder(home).exists():
        return False
    if kept and (process := kept.process.process()):
        say("removing its containers and networks")
        empty(kept.host)
        if end([process], STOP):
            raise DockerError(f"the Docker daemon, process {kept.process.pid}, could not be ended; end it yourself")
    if kept:
        _reap(kept.process.pid)
    leftovers.remove(folder(home))
    if kept:
        bridge.remove(kept.bridge)
    shutil.rmtree(folder(home), ignore_errors=True)
    return kept is not None


@contextmanager
def _alone() -> Iterator[None]:
    """Nobody else on this machine starts one meanwhile: both would take one network, and only one could apt-get."""
    folder = os.open(bridge.LINKS, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _started(home: Path, dockerd: str, say: Say) -> Found:
    place = folder(home)
    place.mkdir(parents=True, exist_ok=True)
    (place / "config.json").write_text("{}")  # the machine's own is another daemon's
    name = bridge_of(place)
    bridge.add(name)
    complaint = ""
    for driver in DRIVERS:
        say(f"starting a Docker daemon in {place}, storage driver {driver}")
        process = spawn(place, [dockerd, *_flags(place, name, driver)])
        host = f"unix://{place / 'docker.sock'}"
        record.write(home, Record(process, host, name))
        if version := _await(process, host):
            return Found(host, version, True)
        if (slow := process.process()) and end([slow], STOP):
            break
        _reap(process.pid)
        complaint = _complaint(place)
        if "driver" not in complaint:
            break
    raise DockerError(f"the Docker daemon did not start: {complaint}")


def bridge_of(place: Path) -> str:
    """The name of the bridge for the daemon in *place*."""
    return f"sluice{hashlib.sha256(str(place).encode()).hexdigest()[:8]}"


def _flags(place: Path, name: str, driver: str) -> Iterator[str]:
    yield from (f"--config-file={place / 'config.json'}", f"--host=unix://{place / 'docker.sock'}")
    yield from (f"--data-root={place / 'data'}", f"--exec-root={place / 'exec'}", f"--pidfile={place / 'docker.pid'}")
    yield from (f"--storage-driver={driver}", "--exec-opt=native.cgroupdriver=cgroupfs", "--group=root")
    yield from (f"--containerd-namespace={name}", f"--containerd-plugins-namespace=plugins.{name}")
    yield from (f"--bridge={name}", "--iptables=false", "--ip6tables=false", "--ip-masq=false", "--ip-forward=false")
    yield "--log-level=warn"


def spawn(place: Path, command: list[str]) -> Child:
    """Start the *command* of the daemon in *place*.

    Not by `subprocess`, which expects to see the end of what it started: this is to live on.
    """
    kept = {**os.environ, "PATH": packages.path()}
    for key in ("NO_PROXY", "no_proxy"):
        kept[key] = ",".join(filter(None, (os.environ.get(key, ""), "127.0.0.0/8,localhost")))
    nothing, log = (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0), str(place / LOG)
    said = (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    also = (os.POSIX_SPAWN_DUP2, 1, 2)
    return child(os.posix_spawn(command[0], command, kept, file_actions=[nothing, said, also], setsid=True))


def _reap(pid: int) -> None:
    """Take note of the end of a child of this very process, so that it does not stay as a zombie."""
    until = time.monotonic() + START
    with suppress(ChildProcessError):
        # Its first thread may have ended before its others: until these have, there is nothing to take note of.
        while os.waitpid(pid, os.WNOHANG) == (0, 0) and time.monotonic() < until:
            time.sleep(POLL)


def _await(process: Child, host: str) -> str | None:
    until = time.monotonic() + START
    while process.is_alive() and time.monotonic() < until:
        if version := answers(host):
            return version
        time.sleep(POLL)
    return None


def _complaint(place: Path) -> str:
    said = (place / LOG).read_text(errors="replace").strip().splitlines()
    failed = [line for line in said if line.startswith("failed to start daemon")]
    return (failed or said or ["nothing was logged"])[-1]
