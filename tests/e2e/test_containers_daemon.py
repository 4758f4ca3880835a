"""A Docker daemon that restarts takes every container down with it; all comes back as it was declared."""

import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from docker.errors import APIError

from images.build import connect
from rehearsal.docker import asking, daemon, record
from rehearsal.docker.record import Record
from rehearsal.load import own
from tests import daemons
from tests.e2e.conftest import eventually, ok
from tests.e2e.dock import Dock, docked
from tests.e2e.isolated import Isolated

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


def restart(home: Path) -> None:
    """End the daemon as systemd does, and start it again with the same flags; it keeps no container alive meanwhile."""
    kept = record.running(home)
    assert kept
    process = kept.process.process()
    assert process
    command = process.cmdline()
    assert not any("live-restore" in flag for flag in command)
    process.send_signal(signal.SIGTERM)
    eventually(lambda: not kept.process.is_alive(), 40, "the daemon has ended")
    assert asking.answers(kept.host) is None
    record.write(home, Record(daemon.spawn(record.folder(home), command), kept.host, kept.bridge))
    eventually(lambda: asking.answers(kept.host), 60, "the daemon answers again")


def live(dock: Dock) -> dict[str, int] | None:
    """Live weights; None while the router is not there."""
    try:
        return dock.live()
    except APIError:
        return None


def test_a_restart_of_the_daemon_ends_in_the_declared_weights_and_no_slice_answers_for_another(dock, home):
    before = dock.live()
    began = {one.id: one.attrs["State"]["StartedAt"] for version in VERSIONS for one in dock.containers(version)}
    load, isolated = dock.load(), Isolated(dock, *VERSIONS)
    load.start()
    restart(home)
    eventually(lambda: live(dock) == before, 30, "the weights are live")
    answered = isolated.answered.copy()
    eventually(lambda: all(isolated.answered[one, one] > answered[one, one] + 20 for one in VERSIONS), 30, "all answer")
    isolated.stop()
    answers = load.stop()
    after = {one.id: one.attrs["State"]["StartedAt"] for version in VERSIONS for one in dock.containers(version)}
    assert set(after) == set(began)
    assert all(after[one] > began[one] for one in began), "a container lived through it"
    assert any(one.status == 0 for one in answers), "nobody saw the daemon go"
    assert own(answers, "v3") == []
    assert {wanted for wanted, who in isolated.answered if wanted != who} == set()
    assert before == {"v1": 750, "v2": 250}
    ok(dock.up("--expect-no-changes"))
