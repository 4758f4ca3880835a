"""A Docker daemon that restarts, with its containers or without, and a host that does: all ends as it was declared."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil
import pytest
from docker.errors import APIError

from components.docker import addresses, names
from images.build import connect
from rehearsal.docker import asking, daemon, leftovers, record
from rehearsal.docker.record import Record
from rehearsal.load import own
from tests import daemons
from tests.e2e.conftest import ok
from tests.e2e.dock import Dock, docked
from tests.e2e.isolated import Isolated
from tests.patience import eventually

VERSIONS = ("v1", "v2", "v3")


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """Of a daemon that these tests alone use; skipped where none can be."""
    with daemons.own_home() as home, daemons.own(home):
        yield home


@pytest.fixture(scope="module")
def dock(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dock]:
    """v1 and v2 share the traffic, v3 has none."""
    kept = record.running(home)
    assert kept
    with closing(connect(kept.host)) as client, docked(tmp_path_factory.mktemp("dock"), client, kept.host) as dock:
        for version in VERSIONS:
            dock.add(version)
        dock.declare({"v1": 75, "v2": 25})
        ok(dock.up())
        yield dock


def kept_of(home: Path) -> Record:
    """The record of the daemon, which runs."""
    kept = record.running(home)
    assert kept
    return kept


def restart(home: Path, *, live: bool) -> None:
    """End the daemon as systemd does, and start it again with the same flags; *live*: its containers go on."""
    kept = kept_of(home)
    with closing(connect(kept.host)) as client:
        assert client.info()["LiveRestoreEnabled"] == live
    command = kept.process.process().cmdline()  # pyright: ignore[reportOptionalMemberAccess]
    os.kill(kept.process.pid, signal.SIGTERM)
    eventually(lambda: not kept.process.is_alive(), "the daemon has ended")
    start(home, kept, command)


def start(home: Path, kept: Record, command: list[str]) -> None:
    """Start the daemon that ended."""
    assert asking.answers(kept.host) is None
    record.write(home, Record(daemon.spawn(record.folder(home), command), kept.host, kept.bridge))
    eventually(lambda: asking.answers(kept.host), "the daemon answers again")


def reboot(home: Path) -> None:
    """What is left of a host that lost its power: the disk. No process, mount, network, nor what is kept in memory."""
    kept, folder = kept_of(home), record.folder(home)
    command = kept.process.process().cmdline()  # pyright: ignore[reportOptionalMemberAccess]
    for process in [kept.process.process(), *leftovers.processes(folder)]:
        if process:
            with suppress(psutil.NoSuchProcess):
                process.kill()
    eventually(lambda: not kept.process.is_alive(), "the daemon has ended")
    leftovers.remove(folder)
    assert leftovers.processes(folder) == []
    shutil.rmtree(folder / "exec")
    (folder / "docker.sock").unlink()
    (folder / "docker.pid").unlink()
    start(home, kept, command)


@contextmanager
def living_on(home: Path) -> Iterator[None]:
    """The daemon's containers outlive it while the block runs."""
    for live in (True, False):
        kept = kept_of(home)
        (record.folder(home) / "config.json").write_text(json.dumps({"live-restore": live}))
        os.kill(kept.process.pid, signal.SIGHUP)
        with closing(connect(kept.host)) as client:
            eventually(lambda at=client, on=live: at.info()["LiveRestoreEnabled"] == on, "it has read its file")
        if live:
            yield


def live(dock: Dock) -> dict[str, int] | None:
    """Live weights; None while the router is not there."""
    try:
        return dock.live()
    except APIError:
        return None


def began(dock: Dock) -> dict[str, str]:
    """When each container began to run, by id."""
    every = [dock.router, *(one for version in VERSIONS for one in dock.containers(version))]
    return {one.id: one.attrs["State"]["StartedAt"] for one in every}


@pytest.mark.parametrize("lost", [partial(restart, live=False), reboot], ids=["daemon", "host"])
def test_after_a_restart_the_declared_weights_are_live_and_no_slice_answers_for_another(dock, home, lost):
    before, first = dock.live(), began(dock)
    load = dock.load()
    with Isolated(dock, *VERSIONS) as isolated:
        load.start()
        lost(home)
        eventually(lambda: live(dock) == before, "the weights are live")
        answered = isolated.answered.copy()
        eventually(lambda: all(isolated.answered[one, one] > answered[one, one] + 20 for one in VERSIONS), "all answer")
    answers = load.stop()
    after = began(dock)
    assert set(after) == set(first)
    assert all(after[one] > first[one] for one in first), "a container lived through it"
    assert any(one.status == 0 for one in answers), "nobody saw it go"
    assert own(answers, "v3") == []
    assert {wanted for wanted, who in isolated.answered if wanted != who} == set()
    assert before == {"v1": 750, "v2": 250}
    ok(dock.up("--expect-no-changes"))


def test_with_live_restore_a_restart_of_the_daemon_is_seen_by_nobody_on_the_network(dock, home):
    before, first = dock.live(), began(dock)
    # Not by the published port: on loopback the daemon's own proxy holds it, which ends with the daemon.
    inside = f"http://{addresses.router(dock.subnet)}:{names.ENTRY}"
    with Isolated(replace(dock, url=inside), *VERSIONS) as isolated, living_on(home):
        answered = isolated.answered.copy()
        restart(home, live=True)
        passed = {one: isolated.answered[one, one] - answered[one, one] for one in VERSIONS}
        eventually(lambda: live(dock) == before, "the daemon reaches its containers again")
        eventually(lambda: dock.ask()[0] == 200, "the published port answers")
        ok(dock.up("--expect-no-changes"))
    assert isolated.failed == []
    assert {wanted for wanted, who in isolated.answered if wanted != who} == set()
    assert min(passed.values()) > 0
    assert began(dock) == first
