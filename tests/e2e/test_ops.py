"""The operator's verbs on the real engine, mixed with plain `pulumi up` as people do."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from rehearsal.environment import environment
from rehearsal.stage import Done, Stage
from tests.e2e.conftest import ONE_MOVE, live, marks, ok, recorded, sample
from tests.patience import PATIENCE, eventually

OPS = (sys.executable, "-m", "ops")
UNSELECTED = ("env", "-u", "PULUMI_STACK")


@pytest.fixture(scope="module")
def images(stage: Stage) -> dict[str, str]:
    """v1, then v2 were released by ops; v2 is live, v1 a standby. Each test returns to that."""
    stage.configure(rollout=ONE_MOVE | {"ready": "6s"})
    images = {name: sample(stage, name) for name in ("v1", "v2")} | {"sick": sample(stage, "sick", FAIL_HEALTH="1")}
    for version in ("v1", "v2"):
        ok(stage.run(*OPS, "release", version, "--ami", images[version]))
        assert (live(stage), recorded(stage)) == ({version: 999}, {version: 100})
    return images


@pytest.fixture
def file(stage: Stage, images: dict[str, str]) -> Iterator[Path]:
    """The stack file; put back at the end, when v2 must still be live."""
    path = stage.root / "Pulumi.e2e.yaml"
    before = path.read_bytes()
    yield path
    path.write_bytes(before)
    assert (live(stage), recorded(stage), marks(stage)) == ({"v2": 999}, {"v2": 100}, [])


def ops(stage: Stage, *arguments: str) -> Done:
    return stage.run(*OPS, *arguments)


def status(stage: Stage) -> dict[str, Any]:
    return json.loads(ops(stage, "status", "--json").text)


def test_after_a_release_a_plain_up_has_nothing_to_do(stage, file):
    ok(stage.up("--expect-no-changes"))


def test_history_tells_each_release_with_its_walk_and_report_writes_its_page(stage, file):
    second, first = json.loads(ok(ops(stage, "history", "--json")))
    assert (second["declared"], second["verdict"]) == ({"v2": 100}, "promote")
    assert (first["declared"], first["verdict"], first["run"]) == ({"v1": 100}, "promote", None)
    assert second["message"] == "ops: release v2"
    assert second["evidence"] == "no requests were judged"
    assert second["seconds"] > 0
    lines = ok(ops(stage, "history", "-n", "1")).splitlines()
    assert [second["run"] in line for line in lines] == [False, True]
    page = Path(ok(ops(stage, "report", second["run"])).strip())
    assert page == stage.root / ".sluice" / "journal" / "e2e" / f"{second['run']}.html"
    assert "v2 100 is live after" in page.read_text()


def test_watch_shows_one_frame_where_there_is_no_terminal(stage, file):
    text = ok(ops(stage, "watch"))
    assert text.startswith("shop on aws, stack e2e")
    assert "last walk promoted" in text
    assert text.rstrip().endswith("converged")


def test_watch_goes_on_until_ctrl_c_which_is_no_failure(stage, file):
    terminal, inner = pty.openpty()
    surroundings = {**environment(stage.home), "PULUMI_STACK": "e2e", "TERM": "xterm"}
    with subprocess.Popen(
        [*OPS, "watch"],
        cwd=stage.root,
        env=surroundings,
        stdin=inner,
        stdout=inner,
        stderr=inner,
        start_new_session=True,
    ) as process:
        os.close(inner)
        written = bytearray()

        def shown() -> bool:
            written.extend(os.read(terminal, 4096))
            return written.count(b"shop on aws") >= 3

        try:
            eventually(shown, "it was shown three times", log=written.decode)
            process.send_signal(signal.SIGINT)
            with suppress(OSError):  # at its end; what cannot write to its terminal does not end
                eventually(lambda: written.extend(os.read(terminal, 4096)), "it ends", log=written.decode)
            process.wait(PATIENCE)
        finally:
            process.kill()
            os.close(terminal)
    assert process.returncode == 0
    assert b"Traceback" not in written


def test_status_tells_programs_and_people_the_same(stage, images, file):
    v1 = {"version": "v1", "artifact": images["v1"], "share": 0, "healthy": 1, "desired": 1, "readiness": "warm"}
    v2 = {"version": "v2", "artifact": images["v2"], "share": 100, "healthy": 1, "desired": 1, "readiness": "serving"}
    assert status(stage) == {
        "service": "shop",
        "platform": "aws",
        "declared": {"v2": 100},
        "live": {"v2": 100},
        "slices": [v1, v2],
        "converged": True,
        "schema": None,
    }
    text = ok(ops(stage, "status"))
    assert "live      v2 100" in text
    assert "converged" in text


def test_status_is_3_while_the_file_declares_something_else(stage, file):
    stage.configure(traffic={"v1": 100})
    done = ops(stage, "status")
    assert done.code == 3, done.text
    assert "declared  v1 100\nlive      v2 100\n" in done.text


def test_a_refused_release_leaves_the_former_traffic_live_and_declared(stage, images, file):
    done = ops(stage, "release", "v3", "--ami", images["sick"])
    assert done.code == 1, done.text
    assert "error: release v3 failed: " in done.text
    assert "live is v2 100. Pulumi.e2e.yaml declares v2 100 again" in done.text
    assert "Traceback" not in done.text
    found = status(stage)
    assert (found["declared"], found["live"], found["converged"]) == ({"v2": 100}, {"v2": 100}, True)
    assert [one["readiness"] for one in found["slices"]] == ["warm", "serving", "cold"]
    assert "walk" not in ok(stage.up())


def test_back_past_a_refused_release_and_forth(stage, file):
    assert "went through with v1 100" in ok(ops(stage, "rollback"))
    assert (live(stage), recorded(stage)) == ({"v1": 999}, {"v1": 100})
    ok(ops(stage, "rollback", "v2"))
    assert (live(stage), recorded(stage)) == ({"v2": 999}, {"v2": 100})


def test_a_release_of_an_ami_that_is_not_there_leaves_the_file_as_it_was(stage, file):
    before = file.read_bytes()
    done = ops(stage, "release", "v4", "--ami", "ami-0000000000000dead")
    assert done.code == 1, done.text
    assert "ami-0000000000000dead does not exist" in done.text
    assert file.read_bytes() == before


@pytest.mark.parametrize(("number", "whole_group"), [(signal.SIGINT, True), (signal.SIGTERM, False)])
def test_stopped_under_way_it_restores_and_says_what_it_left(stage, images, file, number, whole_group):
    stage.configure(rollout=ONE_MOVE | {"ready": "120s"})  # it waits as long as the second one needs to come
    with stage.running(*OPS, "release", "v5", "--ami", images["sick"]) as process:
        assert process.stdout is not None
        assert any("0 of 1 healthy" in line for line in process.stdout)
        second = ops(stage, "release", "v6", "--ami", images["v1"])
        assert second.code == 4, second.text
        assert "the stack is currently locked by 1 lock" in second.text
        (os.killpg if whole_group else os.kill)(process.pid, number)
        rest, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, rest
    assert "stopped by the operator. v2 100 stays live" in rest
    assert "declares v2 100 again, so the next `pulumi up` keeps to that" in rest
    assert "v6" not in file.read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("release", "v7", "--ami", "latest"), "sluice:releases.v7.ami: 'latest': it is no AMI id"),
        (("release", "v1", "--ami", "ami-0000000000000dead"), "sluice:releases.v1 is there already"),
        (("rollback", "v9"), "v9 is neither in sluice:releases nor in the stack's history; known: v1, v2"),
        (("status", "--stack", "nope"), "no stack named 'nope' found"),
    ],
)
def test_bad_input_is_2_and_changes_nothing(stage, file, arguments, said):
    before = file.read_bytes()
    done = ops(stage, *arguments)
    assert done.code == 2, done.text
    assert said in done.text
    assert file.read_bytes() == before


def test_a_broken_stack_file_is_told_with_its_place(stage, file):
    file.write_text("config:\n  sluice:traffic: {v1: [\n")
    for arguments in (("release", "v7", "--ami", "ami-0000000000000dead"), ("rollback", "v1")):
        done = ops(stage, *arguments)
        assert done.code == 2, done.text
        assert "Pulumi.e2e.yaml: line 3, column 1" in done.text


def test_another_stack_is_looked_at_without_selecting_it(stage, file):
    ok(stage.run("pulumi", "stack", "init", "bare", "--no-select"))
    salt = (stage.root / "Pulumi.bare.yaml").read_text()
    (stage.root / "Pulumi.bare.yaml").write_text(salt + "config:" + file.read_text().partition("config:")[2])
    done = ops(stage, "status", "--stack", "bare")
    assert done.code == 1, done.text
    assert "nothing is released yet" in done.text
    assert ok(stage.run(*UNSELECTED, "pulumi", "stack", "--show-name")).strip() == "e2e"


def test_without_a_selected_stack_it_says_what_to_type(stage, file, tmp_path):
    done = stage.run(*UNSELECTED, f"PULUMI_HOME={tmp_path}", *OPS, "status")
    assert done.code == 2, done.text
    assert "run `pulumi stack select NAME`" in done.text
