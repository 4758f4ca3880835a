"""`python -m rehearsal docker`: the host alone on standard output, everything else beside it."""

import re
import socket
from pathlib import Path

import pytest
from docker import DockerClient
from typer.testing import CliRunner

from images import build, fetch
from rehearsal.cli import app
from tests.patience import PATIENCE


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


def test_an_image_needs_a_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    code, out, err = run("image", "v1", home=tmp_path)
    assert (code, out) == (1, "")
    assert "no Docker daemon answers; start one: python -m rehearsal docker up" in err


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


@pytest.mark.slow
def test_an_image_is_pushed_and_named_by_its_digest(
    docker_client: DockerClient, docker_host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", docker_host)
    build.build_node(docker_client, fetch.cache(), lambda _: None)
    try:
        code, out, err = run("image", "v1", home=tmp_path)
        assert code == 0, err
        assert re.fullmatch(r"127\.0\.0\.1:\d+/shop@sha256:[0-9a-f]{64}\n", out)
        docker_client.images.pull(out.strip())
        (tmp_path / "app").mkdir()
        (tmp_path / "app" / "Dockerfile").write_text("FROM scratch\nLABEL any=thing\n")
        code, mine, err = run("image", "v1", str(tmp_path / "app"), home=tmp_path)
        assert (code, mine != out) == (0, True), err
        code, out, err = run("image", "v2", str(tmp_path / "none"), home=tmp_path)
        assert (code, out, "Traceback" in err) == (1, "", False)
    finally:
        run("down", home=tmp_path)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", int(mine.partition(":")[2].partition("/")[0])), timeout=PATIENCE)
