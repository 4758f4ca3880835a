"""The command line: what becomes which exit code, and what goes to which stream."""

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ops import cli, terminal
from ops.errors import BusyError, ConfigError, EngineError, OpsError, StoppedError
from ops.facts import State
from pipeline.page.password import is_right
from rollout.routers.interface import Health, Live
from tests.ops.conftest import AMI, OTHER
from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(stack, cloud, monkeypatch):
    """Runs one command line against the stack without an engine."""
    monkeypatch.setattr(terminal, "Stack", lambda project, name: stack)
    before = signal.getsignal(signal.SIGTERM)
    yield lambda *arguments, typed="": CliRunner().invoke(cli.app, arguments, input=typed)
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize(
    ("error", "code"),
    [(OpsError, 1), (EngineError, 1), (BusyError, 4), (ConfigError, 2), (StoppedError, 130)],
)
def test_an_error_is_told_on_standard_error_and_has_its_code(run, stack, error, code):
    stack.builds("v3")
    stack.refuse(error("this is why"))
    result = run("release", "v3", "--ami", OTHER)
    assert result.exit_code == code
    assert "this is why" in result.stderr
    assert "this is why" not in result.stdout


def test_an_interruption_before_anything_was_done_is_130(run, stack, monkeypatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(stack, "config", interrupted)
    result = run("status")
    assert (result.exit_code, result.stderr) == (130, "stopped; nothing was changed\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["release", "v3"],
        ["release"],
        ["bogus"],
        ["rollback", "v1", "v2"],
        ["status", "--bogus"],
        ["status", "v1"],
        ["stop", "v1"],
        ["recover", "--yes"],
        ["gc", "v1"],
        ["down", "v1"],
    ],
)
def test_wrong_usage_is_2(run, stack, arguments):
    assert run(*arguments).exit_code == 2
    assert stack.ups == []


def test_a_release_and_a_rollback_that_go_through_are_0(run, stack, cloud):
    stack.released("v1", "v2")
    cloud.healths = {v: Health(v, 1, 1) for v in ("v1", "v2")}
    assert run("release", "v3", "--ami", OTHER, "--take-over").exit_code == 0
    assert run("rollback", "v1", "--dry-run").exit_code == 0
    assert run("rollback", "v1").exit_code == 0
    assert stack.ups == ["ops: release v3", "ops: roll back to v1 100"]
    assert stack.environments == [{"SLUICE_TAKE_OVER": "yes"}, {}]


def test_a_dry_run_that_would_be_refused_is_1(run, stack, cloud):
    stack.released("v1", "v2")
    cloud.lacking = {"v1": ["fleet shop-v1"]}
    assert run("rollback", "v1", "--dry-run").exit_code == 1


def test_stopping_recovering_and_sweeping_with_nothing_to_do_are_0(run, stack, cloud):
    stack.released("v1", "v2")
    assert (run("stop").exit_code, run("recover").exit_code, run("gc").exit_code) == (0, 0, 0)
    assert run("recover").stdout == "nothing to recover\n"
    assert stack.ups == []


@pytest.mark.parametrize(("typed", "code", "ups"), [("test\n", 0, 2), ("dev\n", 2, 0), ("", 2, 0)])
def test_down_wants_the_stacks_name(run, stack, typed, code, ups):
    stack.builds("v1", "v2")
    result = run("down", typed=typed)
    assert (result.exit_code, len(stack.ups)) == (code, ups)


def test_down_with_yes_asks_nothing(run, stack):
    stack.builds("v1", "v2")
    assert run("down", "--yes").exit_code == 0
    assert len(stack.ups) == 2


@pytest.mark.parametrize(("shares", "code"), [({"v2": 1000}, 0), ({"v1": 1000}, 3)])
def test_status_is_3_when_not_converged_and_prints_one_json_object(run, stack, cloud, shares, code):
    outputs = {v: {"artifact": AMI, "group": f"arn:{v}", "fleet": v} for v in ("v1", "v2")}
    stack.recorded = State({"sluice": {"slices": outputs}}, {})
    cloud.healths = {v: Health(v, 1, 1) for v in outputs}
    cloud.shares = Live(shares, None)
    result = run("status", "--json")
    assert result.exit_code == code
    assert json.loads(result.stdout)["converged"] is (code == 0)
    assert result.stderr == ""
    assert run("status").exit_code == code


def test_the_help_names_every_exit_code(run):
    text = run("--help").stdout
    assert [code for code in ("0 ", "1 ", "2 ", "3 ", "130 ") if f"\n    {code}" not in text] == []


def test_without_an_engine_it_says_how_to_get_one(tmp_path):
    environment = {**os.environ, "PATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "ops", "status"], cwd=ROOT, env=environment, text=True, capture_output=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: no Pulumi engine: run `make setup`")


def test_no_provider_is_loaded():
    script = "import sys, ops.cli; print([one for one in sys.modules if one in ('pulumi_aws', 'pulumi_docker')])"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, text=True, capture_output=True, check=True)
    assert done.stdout == "[]\n"


def test_a_preview_is_opened_of_an_artifact_or_of_a_file_but_not_of_both(run, stack, cloud, tmp_path):
    stack.released("v1", "v2")
    cloud.healths = {"v3": Health("v3", 2, 2)}
    theirs, before = tmp_path / "theirs.yaml", stack.file.read_text()
    theirs.write_text(before.replace("v2: {ami", "v3: {ami"))
    both = run("preview", "open", "12", "--declared-in", str(theirs), "--ami", AMI)
    assert (both.exit_code, both.stderr.startswith("error: --declared-in FILE says all of it")) == (2, True)
    assert run("preview", "open", "12", "--declared-in", str(theirs)).exit_code == 0
    assert "v3: {pull: 12, until:" in stack.file.read_text()
    theirs.write_text(before)
    gone = run("preview", "open", "12", "--declared-in", str(theirs))
    assert (gone.exit_code, "declares no new release" in gone.stdout) == (0, True)
    assert "v3:" not in stack.file.read_text()
    assert run("preview", "close", "0").exit_code == 2
    assert "preview open 12: of what?" in run("preview", "open", "12").stderr


def test_a_preview_says_what_it_reads_and_writes_as_a_release_does(run, stack, cloud):
    stack.released("v1", "v2")
    version = f"pr-12-{OTHER[-7:]}"
    cloud.healths = {version: Health(version, 2, 2)}
    opened = run("preview", "open", "12", "--ami", OTHER, "--reads", "7", "--writes", "8")
    assert opened.exit_code == 0
    assert f"{version}: {{ami: {OTHER}, schema: {{reads: [7, 8], writes: 8}}}}" in stack.file.read_text()


def test_a_comment_says_that_the_plan_is_refused_and_the_verb_fails(run, stack):
    stack.expects = EngineError("sluice:service.port is missing")
    result = run("plan", "--to", "v1", "--markdown")
    assert (result.exit_code, result.stderr) == (1, "error: sluice:service.port is missing\n")
    assert "```text\nrefused: sluice:service.port is missing\n```" in result.stdout
    assert run("plan", "--to", "v1").stdout == ""


def test_a_password_becomes_what_an_operators_file_holds_and_nothing_else_is_on_standard_output(run):
    result = run("password", typed="correct horse battery\n")
    assert result.exit_code == 0
    assert is_right({"anna": result.stdout.strip()}, "anna", "correct horse battery")


def test_at_a_terminal_a_password_is_asked_for_twice_and_not_shown():
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "ops", "password"]
    try:
        with subprocess.Popen(
            command, cwd=ROOT, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, start_new_session=True
        ) as process:
            shown = b""
            for asked in (1, 2):
                while shown.count(b": ") < asked:
                    shown += os.read(ours, 1000)
                os.write(ours, b"correct horse battery\n")
            said, _ = process.communicate(timeout=PATIENCE)
    finally:
        os.close(ours)
        os.close(theirs)
    assert is_right({"anna": said.decode().strip()}, "anna", "correct horse battery")
    assert b"horse" not in shown


def test_a_password_that_is_too_short_is_refused(run):
    result = run("password", typed="short\n")
    assert (result.exit_code, result.stdout.strip()) == (2, "")
    assert "12 to 256 characters" in result.stderr


def test_a_program_that_watches_gets_lines_of_json(run, stack, cloud):
    stack.released("v1", "v2")
    result = run("watch", "--json", "--once")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["live"] == {"v2": 100}


def test_a_walk_that_is_named_and_not_on_is_told_apart(run, stack):
    result = run("stop", "--run", "older")
    assert result.exit_code == 1
    assert "the walk older is not on any more" in result.stderr
