"""What programs are told of a stack: `watch --json`."""

import json

import pytest

from ops.watch import stream
from rollout.mark import Mark, me
from rollout.routers.interface import Health, Live
from rollout.stores import FolderJournal
from tests import walks

HALF = {"v1": 500, "v2": 500}


@pytest.fixture(autouse=True)
def two_slices(stack, cloud) -> None:
    stack.released("v1", "v2")
    cloud.healths = {v: Health(v, 2, 2) for v in ("v1", "v2")}


@pytest.fixture
def journal(stack, said) -> FolderJournal:
    return FolderJournal(stack.file.parent / ".sluice" / "journal" / "test", said.append)


def seen(stack, clock):
    lines = []
    stream(stack, lines.append, clock, once=True)
    (line,) = lines
    assert "\n" not in line
    return json.loads(line)


def test_it_has_who_has_which_share_what_is_declared_and_who_could_take_it(stack, cloud, clock):
    cloud.shares = Live(HALF, None, frozenset({"v1"}))
    found = seen(stack, clock)
    assert (found["live"], found["declared"], found["converged"]) == ({"v1": 50, "v2": 50}, {"v2": 100}, False)
    assert {one["version"]: (one["share"], one["declared"], one["carried"]) for one in found["slices"]} == {
        "v1": (50, 0, True),
        "v2": (50, 100, False),
    }
    assert (found["mark"], found["walk"], found["past"], found["trouble"]) == (None, None, [], "")


def test_it_has_the_walk_that_is_on_with_its_evidence(stack, cloud, clock, journal):
    entry = walks.crashed()
    entry.stack = "test"
    journal.keep(entry)
    mark = Mark(entry.run, entry.start, entry.goal, me(), int(clock.now()) + 60)
    cloud.shares = Live(entry.steps[-1]["shares"], mark)
    found = seen(stack, clock)
    assert found["mark"] == {
        "run": "deadbeef",
        "from": {"v1": 100},
        "to": {"v2": 100},
        "owner": str(me()),
        "alive": True,
        "stop": "",
    }
    assert [step["done"] for step in found["walk"]["steps"]] == [1, 5, 25, 50, 100]
    assert [step["at"] is not None for step in found["walk"]["steps"]] == [True, True, True, False, False]
    (errors, latency) = found["walk"]["gates"]
    assert (errors["version"], errors["gate"], latency["gate"]) == ("v2", "errors", "latency")
    assert errors["requests"] == sum(tick["counts"]["v2"]["total"] for tick in entry.ticks)
    assert errors["bad"] == sum(tick["counts"]["v2"]["failed"] for tick in entry.ticks)
    assert errors["against"]["requests"] == sum(tick["counts"]["v1"]["total"] for tick in entry.ticks)
    assert 0 < errors["proof"] <= 1
    assert 0 <= errors["alarm"] < 1


def test_it_has_the_walks_before(stack, clock, journal):
    for entry in (walks.promoted(), walks.restored()):
        entry.stack = "test"
        journal.keep(entry)
    found = seen(stack, clock)
    assert {one["run"]: one["verdict"] for one in found["past"]} == {"5f0c2a91": "promote", "9b1d77e0": "restore"}
    assert found["walk"]["steps"][-1]["at"] is not None


def test_a_line_comes_each_second_until_the_reader_is_gone(stack, clock):
    begun, lines = clock.now(), []

    def write(line):
        if len(lines) == 5:
            raise BrokenPipeError
        lines.append(json.loads(line)["at"])

    with pytest.raises(BrokenPipeError):
        stream(stack, write, clock, once=False)
    assert [at - begun for at in lines] == pytest.approx([0, 1, 2, 3, 4], abs=0.1)
