"""Ctrl-C, SIGTERM, a CI runner's cancel and `ops stop`, in the middle of a ramp: what was moved is put back at once."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from rehearsal.load import Load, dropped
from rehearsal.stage import Stage
from rollout.mark import asker
from tests.e2e.conftest import client, marks, ok
from tests.e2e.ramps import Ramps, alone
from tests.patience import PATIENCE, eventually

OPS = (sys.executable, "-m", "ops")
FAULTS = {
    "slow": {"delay": {"elasticloadbalancing:*": 4.0}},
    "throttled": {"throttle": {"elasticloadbalancing:*": (0.0, 0.0)}},
}


@pytest.fixture(scope="module")
def built(stage: Stage) -> Ramps:
    ramps = Ramps(stage)
    ramps.build()
    return ramps


@pytest.fixture
def ramps(built: Ramps) -> Iterator[Ramps]:
    """v1 live and a ramp to v2 declared that stays at 25 % for long; v1 is live at the end, and nobody was dropped."""
    built.declare("v2", steps=[25], bake="60s")
    load = Load(built.url, connections=4, rate=50)
    load.start()
    yield built
    built.stage.faults()
    assert dropped(load.stop()) == []
    assert built.state == alone("v1")


def ctrl_c(process: "subprocess.Popen[str]") -> None:
    os.killpg(process.pid, signal.SIGINT)


def ctrl_c_twice(process: "subprocess.Popen[str]") -> None:
    ctrl_c(process)
    if not ends(process, 0.5):
        ctrl_c(process)


def sigterm(process: "subprocess.Popen[str]") -> None:
    process.terminate()


def ci_cancel(process: "subprocess.Popen[str]") -> None:
    """As GitHub's runner does."""
    process.send_signal(signal.SIGINT)
    if not ends(process, 7.5):
        process.terminate()
        if not ends(process, 2.5):
            process.kill()


def ends(process: "subprocess.Popen[str]", seconds: float) -> bool:
    """Whether *process* ends within *seconds*."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    return process.returncode is not None


@pytest.mark.parametrize("how", [ctrl_c, ctrl_c_twice, sigterm, ci_cancel])
def test_a_ramp_that_is_interrupted_is_restored_at_once(ramps, how):
    with ramps.ramping(250) as up:
        code, text = interrupted(ramps, up, how)
    assert code != 0, text
    if how is not ctrl_c_twice:  # at the second one the engine says no more of what its program tells
        assert "stopped by the operator. Restored v1 100" in text
    assert not ramps.is_locked


@pytest.mark.parametrize("how", [ctrl_c, sigterm])
def test_a_release_by_ops_that_is_interrupted_is_restored_at_once(ramps, how):
    ramps.stage.configure(traffic={"v1": 100})
    release = (*OPS, "release", "v2", "--ami", ramps.releases["v2"])
    with ramps.ramping(250, *release) as up:
        code, text = interrupted(ramps, up, how)
    assert code == 130, text
    assert "stopped by the operator. Restored v1 100" in text
    assert "declares v1 100 again" in text
    assert not ramps.is_locked


@pytest.mark.parametrize("how", [ctrl_c, ci_cancel])
@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
def test_what_could_not_be_restored_in_time_one_command_restores(ramps, faults, how):
    with ramps.ramping(250) as up:
        ramps.stage.faults(**faults)
        how(up)
        up.communicate(timeout=PATIENCE)
    assert up.returncode != 0
    ramps.await_end()
    assert (ramps.weights(), marks(ramps.stage) != []) == ({"v1": 750, "v2": 250}, True)
    ramps.stage.faults()
    text = ok(ramps.stage.run(*OPS, "recover"))
    assert "v1 100 → v2 100" in text
    assert not ramps.is_locked


def test_what_could_not_be_restored_in_time_an_up_with_the_former_config_walks_back(ramps):
    with ramps.ramping(250) as up:
        ramps.stage.faults(**FAULTS["throttled"])
        ctrl_c(up)
        text, _ = up.communicate(timeout=PATIENCE)
    assert up.returncode != 0
    # On a busy machine the engine ends the program before it can say so.
    assert "RESTORE FAILED" in text or "error reading from server: EOF" in text
    ramps.await_end()
    ramps.stage.faults()
    ramps.declare("v1")
    ok(ramps.stage.up())


def test_ops_stop_restores_within_seconds(ramps):
    with ramps.ramping(250) as up, ramps.stage.running(*OPS, "stop") as stop:
        eventually(lambda: is_asked(ramps) or stop.poll() is not None, "the wish beside the weights")
        # Nobody kills it here. That it takes two at most, tests/rollout/test_walk.py sees by its clock.
        eventually(lambda: ramps.weights() == {"v1": 999}, "the former weights are live", 10)
        text, _ = up.communicate(timeout=PATIENCE)
        said, _ = stop.communicate(timeout=PATIENCE)
    assert (up.returncode != 0, stop.returncode) == (True, 0), said
    assert f"stopped by {asker()} (`ops stop`). Restored v1 100" in text
    ramps.await_end()


def interrupted(ramps: Ramps, up: "subprocess.Popen[str]", how) -> tuple[int, str]:
    """Interrupt *up*; when the weights are back and no process is left, its exit code and what it said.

    There is no need to look at the clock: five seconds after the signal the language host kills the program.
    """
    how(up)
    eventually(lambda: ramps.weights() == {"v1": 999}, "the former weights are live")
    text, _ = up.communicate(timeout=PATIENCE)
    ramps.await_end()
    return up.returncode, text


def is_asked(ramps: Ramps) -> bool:
    """Whether `stop` stands beside the weights."""
    tags = client(ramps.stage, "elbv2").describe_tags(ResourceArns=[ramps.rule])["TagDescriptions"][0]["Tags"]
    return "sluice:stop" in [tag["Key"] for tag in tags]
