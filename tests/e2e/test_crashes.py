"""kill -9 of the CLI, of the program, or of all at once, at every step of a ramp and in the middle of a restore.

Whatever is seen then, one `pulumi up` converges, after `pulumi cancel` where the lock remains; no request is dropped.
"""

import dataclasses
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from rehearsal.cloud import trace
from rehearsal.load import Load, dropped
from rehearsal.stage import Stage
from rollout import mark as marks
from rollout.mark import Mark
from tests.e2e.conftest import marks as marked
from tests.e2e.conftest import ok, versions
from tests.e2e.ramps import Ramps, alone, kill
from tests.patience import PATIENCE, eventually

KILLS = ["cli", "program", "all"]
WHERE = {"before-the-first-move": 0, "at-5": 50, "at-25": 250, "at-50": 500, "at-100": 1000}


@pytest.fixture(scope="module")
def ramps(stage: Stage) -> Ramps:
    ramps = Ramps(stage)
    ramps.build()
    return ramps


@pytest.fixture(autouse=True)
def load(ramps: Ramps) -> Iterator[None]:
    """Clients all the while, none of whose requests is dropped."""
    load = Load(ramps.url, connections=4, rate=50)
    load.start()
    yield
    ramps.stage.faults()
    assert dropped(load.stop()) == []


@pytest.mark.parametrize("what", KILLS)
@pytest.mark.parametrize("share", WHERE.values(), ids=WHERE)
def test_after_kill_9_at_any_step_one_up_converges(ramps, share, what):
    newcomer = ramps.standby if share else ramps.fresh()
    ramps.declare(newcomer)
    with ramps.ramping(share) as up:
        end(ramps, up, what)
    converge(ramps, newcomer)


@pytest.mark.parametrize("what", KILLS)
@pytest.mark.parametrize("is_written", [False, True], ids=["before-its-write", "after-its-write"])
def test_after_kill_9_in_a_restore_one_up_converges(ramps, is_written, what):
    newcomer = ramps.standby
    ramps.declare(newcomer, steps=[25], bake="60s")
    with ramps.ramping(250) as up:
        restoring(ramps, is_written)
        ramps.tag(stop="yes")
        await_restore(ramps, is_written)
        end(ramps, up, what)
    ramps.stage.faults()
    converge(ramps, newcomer)


def test_after_kill_9_in_the_restore_of_an_ill_newcomer_an_up_with_the_former_config_rests(ramps):
    ramps.declare(ramps.standby, steps=[25], bake="60s")
    with ramps.ramping(250) as up:
        restoring(ramps, True, flap={ramps.standby: 60})
        await_restore(ramps, True)
        end(ramps, up, "all")
    ramps.stage.faults()
    converge(ramps, ramps.at)


@pytest.mark.parametrize(("what", "share"), [("cli", 500), ("program", 250), ("all", 50)])
@pytest.mark.parametrize("is_kept", [True, False], ids=["the-newcomer-stays", "the-newcomer-goes-too"])
def test_after_kill_9_an_up_with_the_former_config_walks_back(ramps, is_kept, what, share):
    ramps.declare(ramps.standby)
    with ramps.ramping(share) as up:
        end(ramps, up, what)
    if not is_kept:
        ramps.releases = {ramps.at: ramps.releases[ramps.at]}
    converge(ramps, ramps.at)
    assert versions(ramps.stage) == set(ramps.releases)


def test_the_mark_of_a_dead_owner_is_taken_away_when_there_is_nothing_to_move(ramps):
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    owner = dataclasses.replace(marks.me(), pid=ended.pid)
    ramps.tag(**fields(ramps, owner, time.time() + 60))
    text = ok(ramps.stage.up())
    assert "took a dead walk's mark away" in text
    assert ramps.state == alone(ramps.at)


def test_the_mark_of_an_owner_on_another_host_holds_until_it_is_past(ramps):
    owner = dataclasses.replace(marks.me(), host="elsewhere")
    ramps.tag(**fields(ramps, owner, time.time() + 60))
    ramps.declare(ramps.standby)
    done = ramps.stage.up()
    assert done.code != 0
    assert f"another walk is on: {ramps.at} 100 → {ramps.standby} 100 by {owner}" in done.text
    ramps.declare(ramps.at)
    ramps.tag(until=str(int(time.time()) - 1))
    assert "took a dead walk's mark away" in ok(ramps.stage.up())
    assert ramps.state == alone(ramps.at)


def end(ramps: Ramps, up: "subprocess.Popen[str]", what: str) -> None:
    """Kill *what* of the run *up*, and wait until nothing of it is left."""
    kill({"cli": [up.pid], "program": ramps.pids("language_program"), "all": ramps.pids()}[what])
    up.communicate(timeout=PATIENCE)
    assert up.returncode != 0
    ramps.await_end()
    assert ramps.is_locked == (what != "program")


def converge(ramps: Ramps, version: str) -> None:
    """One `up`, once the lock is broken: *version* is live, recorded, and nothing else is left of what was killed."""
    ramps.declare(version, bake="0s")
    if ramps.is_locked:
        ok(ramps.stage.run("pulumi", "cancel", "--yes"))
    ok(ramps.stage.up())
    ramps.at = version
    assert ramps.state == alone(version)


def restoring(ramps: Ramps, is_written: bool, **faults: object) -> None:
    """From now on a write of the weights is done and answered late, or is refused: a restore lasts."""
    slow = {"delay": {"ModifyRule": 20}} if is_written else {"throttle": {"ModifyRule": (0, 0)}}
    ramps.stage.faults(**slow, **faults)
    trace.begin(ramps.stage.home)


def await_restore(ramps: Ramps, is_written: bool) -> None:
    """Wait until the former weights are seen, or the restore was refused to write them, and the mark is still there."""
    if is_written:
        eventually(lambda: ramps.weights() == {ramps.at: 999}, "the restore's write is seen")
    else:
        seen = lambda: [one for one in trace.read(ramps.stage.home) if one.action == "ModifyRule"]  # noqa: E731
        eventually(seen, "the restore asks for its write")
        assert ramps.weights() != {ramps.at: 999}
    assert marked(ramps.stage)


def fields(ramps: Ramps, owner: marks.Owner, until: float) -> dict[str, str]:
    """The mark of a walk from what is live to the standby."""
    walk = Mark("deadbeef", {ramps.at: 1000}, {ramps.standby: 1000}, owner, int(until))
    return marks.to_fields(walk)
