"""`stop`: whom it asks, how long it waits, what it says is live."""

import pytest

from ops.errors import OpsError
from ops.stop import PATIENCE, stop
from rollout.mark import Mark, Owner, me
from rollout.routers.interface import Live

V1, V2 = {"v1": 1000}, {"v2": 1000}


@pytest.fixture
def ramp(cloud, clock):
    """A walk of this process from v1 to v2, at 25 %."""
    cloud.shares = Live({"v1": 750, "v2": 250}, Mark("run12345", V1, V2, me(), int(clock.now()) + 3600))
    return cloud


def test_a_walk_is_asked_and_what_is_live_then_is_told(stack, ramp, said, clock):
    stop(stack, said.append, clock)
    assert ramp.asked == ["run12345"]
    assert said == [f"asking {me()} to put v1 100 back", "stopped: live is v1 100"]


def test_without_a_walk_it_says_so(stack, cloud, said, clock):
    stop(stack, said.append, clock)
    assert said == ["no walk is on: live is v2 100. An update that builds is ended by Ctrl-C where it runs"]


def test_where_nothing_splits_traffic_there_is_none(stack, cloud, said, clock):
    cloud.shares = None
    stop(stack, said.append, clock)
    assert said[0].startswith("no walk is on: nothing splits traffic yet")


def test_a_dead_owner_is_not_asked(stack, ramp, said, clock):
    ramp.shares = Live({"v1": 750, "v2": 250}, Mark("run12345", V1, V2, Owner("ann", "ci", 1, 1), 0))
    with pytest.raises(OpsError, match=r"by ann@ci \(pid 1\) is not on any more.* live is v1 75 · v2 25; .*recover"):
        stop(stack, said.append, clock)
    assert ramp.asked == []


def test_a_walk_that_does_not_answer_is_told_after_a_while(stack, ramp, said, clock):
    ramp.obeys, begun = False, clock.now()
    with pytest.raises(OpsError, match=rf"has not put v1 100 back within {PATIENCE:g} s: live is v1 75 · v2 25"):
        stop(stack, said.append, clock)
    assert PATIENCE <= clock.now() - begun < PATIENCE + 1


def test_a_walk_that_came_to_its_end_first_was_not_stopped(stack, ramp, said, clock, monkeypatch):
    def late(_: str) -> bool:
        ramp.shares = Live(V2, None)
        return False

    monkeypatch.setattr(ramp, "ask_stop", late)
    with pytest.raises(OpsError, match="was over before it could be stopped: live is v2 100"):
        stop(stack, said.append, clock)


def test_the_next_walk_is_not_waited_for(stack, ramp, said, clock, monkeypatch):
    mark = ramp.shares.mark

    def ended(_: str) -> bool:
        ramp.shares = Live(V1, Mark("another1", V1, V2, me(), mark.until))
        return True

    monkeypatch.setattr(ramp, "ask_stop", ended)
    stop(stack, said.append, clock)
    assert said[-1] == "stopped: live is v1 100"


def test_only_the_walk_that_is_named_is_asked(stack, ramp, said, clock):
    stop(stack, said.append, clock, run="run12345")
    assert ramp.asked == ["run12345"]


def test_a_walk_that_came_since_is_left_alone(stack, ramp, said, clock):
    with pytest.raises(
        OpsError, match=r"the walk older is not on any more: live is .*, and v1 100 → v2 100 by .* is on"
    ):
        stop(stack, said.append, clock, run="older")
    assert ramp.asked == []


def test_a_named_walk_that_is_over_is_said_to_be(stack, cloud, said, clock):
    with pytest.raises(OpsError, match=r"the walk older is not on any more: live is v2 100\. Nothing was changed"):
        stop(stack, said.append, clock, run="older")
