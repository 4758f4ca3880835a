"""The command gate: real commands, what they are given, and how each way to end is told."""

import pytest

from rollout import smoke
from rollout.errors import GateError, StoppedError


def nothing() -> None:
    """Nobody asks to stop."""


def test_a_command_that_ends_well_passes():
    smoke.run("the command gate", ["sh", "-c", "exit 0"], {}, nothing, 10)


def test_the_command_gets_what_it_needs_to_reach_the_slice():
    smoke.run("the command gate", ["sh", "-c", 'test "$SLUICE_VERSION" = v2'], {"SLUICE_VERSION": "v2"}, nothing, 10)


def test_a_command_that_refuses_is_told_with_the_end_of_what_it_said():
    with pytest.raises(GateError) as refused:
        smoke.run("the command gate", ["sh", "-c", "seq 100; exit 3"], {}, nothing, 10)
    lines = str(refused.value).splitlines()
    assert lines[0] == "the command gate `sh -c seq 100; exit 3` ended with 3; it said:"
    assert (lines[1], lines[-1]) == ("61", "100")


def test_a_command_that_is_not_there_is_told():
    with pytest.raises(GateError, match=r"`\./no-such-file` cannot be run in .*: No such file or directory"):
        smoke.run("the command gate", ["./no-such-file"], {}, nothing, 10)


def test_a_command_that_hangs_is_ended_with_all_that_it_started(tmp_path):
    left = tmp_path / "left"
    with pytest.raises(GateError, match="did not end within 1 s"):
        smoke.run("the command gate", ["sh", "-c", f"(sleep 2; touch {left}) & wait"], {}, nothing, 1)
    assert not left.exists()


def test_a_stop_ends_the_command():
    def stopped() -> None:
        raise StoppedError("stopped by the operator")

    with pytest.raises(StoppedError):
        smoke.run("the command gate", ["sleep", "60"], {}, stopped, 60)
