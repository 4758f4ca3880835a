"""The verbs without a running cloud; with one, they are in cloud/test_daemon.py."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from rehearsal.cloud import state
from rehearsal.cloud.children import Child

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def rehearsal(tmp_path):
    """Runs `python -m rehearsal ARGUMENTS` with a home of its own."""

    def run(*arguments, cwd=ROOT, **environment):
        command = [sys.executable, "-m", "rehearsal", *arguments]
        inside = {**os.environ, "PYTHONPATH": str(ROOT), "SLUICE_REHEARSAL": str(tmp_path / "home"), **environment}
        return subprocess.run(command, cwd=cwd, env=inside, capture_output=True, text=True, timeout=60, check=False)

    return run


def test_without_a_verb_the_verbs_are_shown(rehearsal):
    shown = rehearsal()
    assert shown.returncode == 2
    for verb in ("up", "down", "status", "shell", "image", "faults", "demo"):
        assert verb in shown.stdout + shown.stderr


def test_down_when_nothing_runs_says_so(rehearsal):
    done = rehearsal("down")
    assert (done.returncode, done.stdout) == (0, "no rehearsal cloud is running\n")


@pytest.mark.parametrize("verb", [("status",), ("shell",), ("shell", "--", "true"), ("faults",)])
def test_what_needs_a_running_cloud_says_how_to_start_one(rehearsal, verb):
    done = rehearsal(*verb)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: no rehearsal cloud is running; start it: python -m rehearsal up\n"


def test_an_image_is_registered_also_while_the_cloud_is_down_and_its_id_is_alone_on_standard_output(
    rehearsal, tmp_path
):
    done = rehearsal("image", "shop", "--", "node", "server.js", "--port", "1", cwd=tmp_path)
    again = rehearsal("image", "shop", "--", "node", "server.js", "--port", "1", cwd=tmp_path)
    (file,) = (tmp_path / "home" / "images").iterdir()
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{file.stem}\n", "")
    assert again.stdout == done.stdout
    assert str(tmp_path) in file.read_text()


@pytest.mark.parametrize(
    "wrong",
    [
        ("image", "shop"),
        ("up", "--port", "0"),
        ("up", "--port", "http"),
        ("faults", "--expire-token"),
        ("faults", "--late-reads", "soon"),
        ("faults", "all"),
        ("nonsense",),
    ],
)
def test_wrong_usage_is_2(rehearsal, wrong):
    done = rehearsal(*wrong)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_named(rehearsal):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = rehearsal("up", "--port", str(port))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"error: port {port} of 127.0.0.1 is taken or reserved;")


def test_down_takes_the_pulumi_state_of_a_crashed_cloud_away_and_keeps_its_images(rehearsal, tmp_path):
    home = tmp_path / "home"
    for folder in ("backend/.pulumi", "pulumi-home/workspaces", "pulumi-home/plugins", "images"):
        (home / folder).mkdir(parents=True)
    state.write(home, state.State(Child(1, 1.0), "http://127.0.0.1:1", "http://127.0.0.1:2", 3))
    done = rehearsal("down")
    assert (done.returncode, done.stdout) == (0, "the rehearsal cloud is down\n")
    assert "removed the Pulumi state" in done.stderr
    assert sorted(one.name for one in home.iterdir()) == ["images", "pulumi-home"]
    assert [one.name for one in (home / "pulumi-home").iterdir()] == ["plugins"]
