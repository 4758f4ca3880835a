"""`python -m rehearsal docker`: the host alone on standard output, everything else beside it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from rehearsal.cli import app


def run(*words: str, home: Path) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["docker", *words, "--home", str(home)])
    return done.exit_code, done.stdout, done.stderr


def test_without_a_daemon_status_says_how_to_have_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    code, out, err = run("status", home=tmp_path)
    assert (code, out) == (1, "")
    assert "no Docker daemon answers; start one: python -m rehearsal docker up" in err


def test_what_cannot_be_started_is_an_error_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    code, out, err = run("up", home=tmp_path)
    assert (code, out) == (1, "")
    assert "only root can start a Docker daemon" in err
    assert "Traceback" not in err


def test_there_may_be_nothing_to_take_down(tmp_path: Path) -> None:
    code, out, err = run("down", home=tmp_path)
    assert (code, out) == (0, "")
    assert "no Docker daemon of its own is running" in err


@pytest.mark.slow
def test_a_daemon_that_answers_is_named_as_the_shell_wants_it(
    docker_host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", docker_host)
    for verb in ("up", "status"):
        assert run(verb, home=tmp_path)[:2] == (0, f"DOCKER_HOST={docker_host}\n")
    run("down", home=tmp_path)
    assert run("status", home=tmp_path)[0] == 0
