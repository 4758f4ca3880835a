"""kill -9 in a release on containers: of the CLI, of the program, of all at once, in a ramp, a restore, a creation.

Whatever is seen then, one `pulumi up` converges, after `pulumi cancel` where the lock remains; no request is dropped,
and none is answered by a slice that it was not sent to.
"""

import dataclasses
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from components.docker.names import FOLDER
from rehearsal.load import dropped
from rehearsal.stage import UP
from rollout import mark as marks
from rollout.mark import Mark
from tests.e2e.conftest import at_work, ok
from tests.e2e.dock import ROUTER, Dock, docked
from tests.e2e.isolated import Isolated
from tests.e2e.ramps import ENGINE, is_locked, kill
from tests.patience import PATIENCE, eventually

OPS = (sys.executable, "-m", "ops")
STOP = f'cd {FOLDER} && printf %s "$0" >sluice/stop && chmod 500 "$1"'
WRITABLE = f"chmod 700 {FOLDER} {FOLDER}/sluice"


@pytest.fixture(scope="module")
def built(docker_client, docker_host: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dock]:
    """v1 live, v2 warm, v3 built."""
    with docked(tmp_path_factory.mktemp("dock"), docker_client, docker_host) as dock:
        for version in ("v1", "v2"):
            dock.moody(version)
        dock.build("v3")
        dock.declare({"v1": 100})
        ok(dock.up())
        yield dock


@pytest.fixture
def ends(built: Dock) -> tuple[str, str]:
    """Which of v1 and v2 has all the traffic, and the other one."""
    return built.ends()


@pytest.fixture
def dock(built: Dock, ends: tuple[str, str]) -> Iterator[Dock]:
    """The dock so settled, and clients all the while, who get what they ask for."""
    load, isolated = built.load(60), Isolated(built, *ends)
    load.start()
    yield built
    answers, answered = load.stop(), isolated.stop()
    built.inside("sh", "-c", WRITABLE)
    assert dropped(answers) == []
    assert set(answered) == {("v1", "v1"), ("v2", "v2")}


@pytest.mark.parametrize(("what", "share"), [("all", 0), ("program", 250), ("all", 500), ("cli", 1000)])
def test_after_kill_9_at_any_step_one_up_converges(dock, ends, what, share):
    here, there = ends
    dock.declare({there: 100}, steps=[share / 10] if 0 < share < 1000 else [], bake="30s")
    if share:
        with dock.ramping(share) as up:
            end(dock, up, what)
    else:
        dock.faulty(there, unhealthy=1)  # it is waited for, with the mark there
        with dock.stage.running(*UP) as up:
            eventually(lambda: dock.marked() or up.poll() is not None, "a mark beside the weights")
            end(dock, up, what)
        assert dock.live() == {here: 999}
        dock.faulty(there)
    converge(dock, there)


@pytest.mark.parametrize(
    ("what", "is_written", "forward"), [("all", False, True), ("program", True, True), ("all", True, False)]
)
def test_after_kill_9_in_a_restore_one_up_converges(dock, ends, what, is_written, forward):
    here, there = ends
    dock.declare({there: 100}, steps=[25], bake="60s")
    with dock.ramping(250) as up:
        begun = int(time.time())
        ask_stop(dock, unwritable="sluice" if is_written else ".")
        if is_written:
            eventually(lambda: dock.live() == {here: 999}, "the restore's write is seen")
        else:
            await_refusal(dock, begun)
            assert dock.live() == {here: 750, there: 250}
        end(dock, up, what)
    assert dock.marked()
    dock.inside("sh", "-c", WRITABLE)
    converge(dock, there if forward else here)


@pytest.mark.parametrize("is_kept", [True, False], ids=["the-newcomer-stays", "the-newcomer-goes-too"])
def test_after_kill_9_an_up_with_the_former_config_walks_back(dock, ends, is_kept):
    here, there = ends[0], ends[1] if is_kept else "v3"
    dock.releases[there] = dock.releases.get(there) or {"image": dock.images[there]}
    dock.declare({there: 100}, steps=[25], bake="30s")
    with dock.ramping(250) as up:
        end(dock, up, "all")
    assert dock.live() == {here: 750, there: 250}
    if not is_kept:
        del dock.releases[there]
    converge(dock, here)
    assert len(dock.containers(there)) == (2 if is_kept else 0)


def test_a_container_that_a_killed_run_made_and_did_not_record_is_no_hindrance(dock):
    dock.add("v3")
    dock.declare({"v3": 100}, steps=[])
    begun = int(time.time())
    with dock.stage.running(*UP) as up:
        await_event(dock, begun, {"event": "create", "label": "sluice.version=v3"})
        end(dock, up, "all")
    converge(dock, "v3")
    assert len(dock.containers("v3")) == 2


def test_ops_recover_puts_the_walk_of_a_dead_owner_back_and_breaks_its_lock(dock, ends):
    here, there = ends
    dock.declare({there: 100}, steps=[25], bake="30s")
    with dock.ramping(250) as up:
        end(dock, up, "all")
    text = ok(dock.stage.run(*OPS, "recover"))
    assert f"a walk was cut short: {here} 100 → {there} 100" in text
    assert f"recovered: live is {here} 100" in text
    assert "the lock is broken" in text
    assert (dock.live(), dock.marked(), is_locked(dock.stage)) == ({here: 999}, False, False)


def test_the_mark_of_a_dead_owner_is_taken_away_when_there_is_nothing_to_move(dock, ends):
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    write_mark(dock, ends, dataclasses.replace(marks.me(), pid=ended.pid), time.time() + 60)
    assert "took a dead walk's mark away" in ok(dock.up())
    assert (dock.live(), dock.marked()) == ({ends[0]: 999}, False)


def test_the_mark_of_an_owner_on_another_host_holds_until_it_is_past(dock, ends):
    here, there = ends
    owner = dataclasses.replace(marks.me(), host="elsewhere")
    write_mark(dock, ends, owner, time.time() + 60)
    dock.declare({there: 100}, steps=[])
    done = dock.up()
    assert done.code != 0
    assert f"another walk is on: {here} 100 → {there} 100 by {owner}" in done.text
    assert (dock.live(), dock.marked()) == ({here: 999}, True)
    write_mark(dock, ends, owner, time.time() - 1)
    converge(dock, there)


def end(dock: Dock, up: "subprocess.Popen[str]", what: str) -> None:
    """Kill *what* of the run *up*, and wait until nothing of it is left."""
    names = {"program": ("language_program",), "all": ENGINE}
    kill([up.pid] if what == "cli" else list(at_work(dock.stage.home, *names[what])))
    up.communicate(timeout=PATIENCE)
    assert up.returncode != 0
    dock.await_end()
    assert is_locked(dock.stage) == (what != "program")


def converge(dock: Dock, version: str) -> None:
    """One `up`, once the lock is broken: *version* is live and recorded, and nothing is left of what was killed."""
    dock.declare({version: 100}, bake="0s")
    if is_locked(dock.stage):
        ok(dock.stage.run("pulumi", "cancel", "--yes"))
    ok(dock.up())
    assert (dock.live(), dock.recorded(), dock.marked()) == ({version: 999}, {version: 100}, False)
    assert {dock.ask() for _ in range(20)} == {(200, version)}


def ask_stop(dock: Dock, unwritable: str) -> None:
    """As `ops stop` does; from then on nothing can be written into *unwritable*: the routes, or what is beside them."""
    dock.inside("sh", "-c", STOP, json.dumps({"run": dock.mark()["run"], "by": "bob@elsewhere"}), unwritable)


def await_refusal(dock: Dock, since: int) -> None:
    """Wait until a command of the program has failed inside the router."""
    await_event(
        dock,
        since,
        {"container": ROUTER, "event": "exec_die"},
        lambda one: one["Actor"]["Attributes"]["exitCode"] != "0",
    )


def await_event(
    dock: Dock, since: int, filters: Mapping[str, str], is_it: Callable[[Any], bool] = lambda _: True
) -> None:
    """Wait, at most a minute, until the daemon tells of it; at once then."""
    told = dock.client.events(since=since, until=since + 60, decode=True, filters=dict(filters))
    assert any(is_it(one) for one in told), f"no {filters} within a minute"
    told.close()


def write_mark(dock: Dock, ends: tuple[str, str], owner: marks.Owner, until: float) -> None:
    """Leave the mark of a walk between *ends* beside the weights."""
    here, there = ends
    fields = marks.to_fields(Mark("deadbeef", {here: 1000}, {there: 1000}, owner, int(until)))
    write = f'mkdir -p {FOLDER}/sluice && cd {FOLDER}/sluice && printf %s "$0" >mark.new && mv mark.new mark'
    dock.inside("sh", "-c", write, json.dumps(fields))
