"""Commands with a time limit: what they print arrives, what fails says why, nothing outlives the call."""

import sys
import time
from pathlib import Path

import psutil

from rehearsal.command import Run, run
from tests.patience import PATIENCE, eventually


def shell(script: str, limit: float = PATIENCE, **options) -> Run:
    return run(["/bin/sh", "-c", script], limit, **options)


def await_end(pid: int) -> None:
    """Wait until the process has ended."""
    eventually(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE, "it ends")


def test_both_outputs_arrive_line_by_line():
    seen = []
    assert Run(("one", "two"), None) == shell("echo one; echo two >&2", each_line=seen.append)
    assert seen == ["one", "two"]


def test_a_quiet_command_is_told_of_as_nothing_new():
    seen = []
    shell("sleep 1.2; echo done", each_line=seen.append)
    assert (set(seen[:-1]), seen[-1]) == ({None}, "done")


def test_a_failure_is_explained_by_the_last_lines():
    assert shell("seq 7; exit 3").failure == "3\n4\n5\n6\n7"


def test_a_silent_failure_is_explained_by_its_code():
    assert Run((), "it ended with code 3") == shell("exit 3")


def test_a_command_that_does_not_exist_is_a_failure():
    failure = run(["/no/such/command"], 5.0).failure
    assert failure is not None
    assert "No such file" in failure


def test_bytes_that_are_no_text_are_no_error():
    assert Run(("\ufffd!",), None) == shell(r"printf '\377!\n'")


def test_the_folder_and_the_environment_are_the_callers(tmp_path: Path):
    assert (str(tmp_path), "yes") == shell('pwd; echo "$GIVEN"', cwd=tmp_path, environment={"GIVEN": "yes"}).lines


def test_a_command_past_its_limit_is_ended_with_its_children():
    began = time.monotonic()
    late = shell("sleep 600 & echo $!; wait", limit=0.5)
    assert late.failure == "not done after 0 s"
    assert time.monotonic() - began < PATIENCE
    await_end(int(late.lines[0]))


def test_one_that_closes_its_output_still_has_the_limit():
    began = time.monotonic()
    assert shell("exec >&- 2>&-; sleep 600", limit=1.0).failure == "not done after 1 s"
    assert time.monotonic() - began < PATIENCE


def test_a_child_left_in_the_background_goes_with_the_command():
    left = shell("sleep 600 >/dev/null 2>&1 & echo $!")
    assert left.failure is None
    await_end(int(left.lines[0]))


def test_an_exception_in_the_middle_ends_the_command():
    pids = []

    def stop_at_once(line: str | None) -> None:
        pids.append(int(line or 0))
        raise KeyboardInterrupt

    try:
        run(
            [sys.executable, "-u", "-c", "import os, time; print(os.getpid()); time.sleep(600)"],
            PATIENCE,
            None,
            stop_at_once,
        )
    except KeyboardInterrupt:
        await_end(pids[0])
    else:
        raise AssertionError("the exception was swallowed")
