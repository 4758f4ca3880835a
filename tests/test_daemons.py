"""Which daemon tests run on: each worker on its own, and by turns where that cannot be."""

import fcntl
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from rehearsal.docker.daemon import Found
from rehearsal.docker.errors import DockerError
from tests import daemons

THEIRS = Found("unix:///theirs.sock", "1", False)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, str]]:
    """The environments in which a daemon was to be started, where nobody can start one."""
    seen: list[Mapping[str, str]] = []

    def launch(home: Path, environment: Mapping[str, str], say: Callable[[str], None], *, install: bool) -> Found:
        seen.append(environment)
        raise DockerError("only root can start one")

    monkeypatch.setattr("rehearsal.docker.daemon.launch", launch)
    return seen


def test_a_worker_that_cannot_start_its_own_has_its_turn_with_the_one_that_answers(asked, monkeypatch, tmp_path):
    monkeypatch.setenv(daemons.WORKER, "gw1")
    monkeypatch.setenv("DOCKER_HOST", THEIRS.host)
    monkeypatch.setattr("rehearsal.docker.daemon.find", lambda home, environment: THEIRS)
    with daemons.for_tests(tmp_path) as host:
        assert host == THEIRS.host
        assert [one["DOCKER_HOST"] != host for one in asked] == [True]  # it wanted one apart
        with (tmp_path / "docker.lock").open() as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with (tmp_path / "docker.lock").open() as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_without_any_daemon_its_tests_are_skipped_with_the_reason(asked, monkeypatch, tmp_path):
    monkeypatch.setattr("rehearsal.docker.daemon.find", lambda home, environment: None)
    with pytest.raises(pytest.skip.Exception, match="only root can start one"), daemons.for_tests(tmp_path):
        pass
