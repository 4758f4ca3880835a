"""A change carried out: what is written when, and what stays when `up` fails (of a release: test_release.py)."""

import pytest

from ops.carry import LOCKED, carry_out
from ops.change import Change
from ops.errors import BusyError, ConfigError, EngineError
from rollout.mark import Mark, me
from rollout.routers.interface import Live
from tests.ops.conftest import AMI, FILE

BACK = FILE.replace("{v2: 100}", "{v1: 100}")
GONE = FILE.replace(f"    v1: {{ami: {AMI}}} # the first\n", "")
MOVED = Change(what="roll back to v1 100", traffic={"v1": 100}, moved=True)


def locked(stack, times: int) -> None:
    """The stack refuses `up` so often."""

    def act() -> None:
        if len(stack.ups) <= times:
            raise BusyError("locked by ann@laptop")

    stack.act = act


def test_once_the_weights_were_moved_it_waits_for_the_update_that_was_stopped(stack, said, clock):
    locked(stack, 3)
    carry_out(stack, MOVED, said.append, clock)
    assert (stack.file.read_text(), len(stack.ups)) == (BACK, 4)
    assert said.count("another update has the stack locked: waiting for its end") == 1


def test_when_that_does_not_end_the_file_stays_with_what_is_live(stack, said, clock):
    locked(stack, 1000)
    begun = clock.now()
    with pytest.raises(BusyError, match=r"locked by ann@laptop\nv1 100 is live, as .* but not recorded: .*`pulumi up`"):
        carry_out(stack, MOVED, said.append, clock)
    assert stack.file.read_text() == BACK
    assert LOCKED <= clock.now() - begun < LOCKED + 2


def test_nobody_else_waits(stack, said, clock):
    locked(stack, 1)
    with pytest.raises(BusyError):
        carry_out(stack, Change(what="move", traffic={"v1": 100}), said.append, clock)
    assert (stack.file.read_text(), len(stack.ups)) == (FILE, 1)


def test_releases_are_taken_out_and_traffic_stays(stack, said):
    carry_out(stack, Change(what="remove v1", gone=["v1"]), said.append)
    assert (stack.file.read_text(), stack.ups) == (GONE, ["ops: remove v1"])


def test_what_still_stands_is_listed_again_where_it_was(stack, cloud, said):
    stack.builds("v1", "v2")
    stack.refuse(EngineError("v1 still gets requests"))
    with pytest.raises(EngineError) as caught:
        carry_out(stack, Change(what="remove v1", gone=["v1"]), said.append)
    assert stack.file.read_text() == FILE
    assert str(caught.value) == (
        "remove v1 failed: v1 still gets requests\nlive is v2 100.\n"
        "v1 still stands and is listed in Pulumi.test.yaml again: run this again"
    )


def test_what_did_go_is_not_listed_again(stack, cloud, said):
    stack.builds("v2")
    stack.refuse(EngineError("refused"))
    with pytest.raises(EngineError, match=r"v1 is gone$"):
        carry_out(stack, Change(what="remove v1", gone=["v1"]), said.append)
    assert stack.file.read_text() == GONE


def test_a_share_is_not_taken_out_with_its_release(stack, said):
    with pytest.raises(ConfigError, match="v2 is not in sluice:releases"):
        carry_out(stack, Change(what="remove v2", gone=["v2"]), said.append)
    assert (stack.file.read_text(), stack.ups) == (FILE, [])


def test_nobody_is_served_when_that_is_declared(stack, cloud, said):
    carry_out(stack, Change(what="serve nobody", traffic={}, environment={"A": "b"}), said.append)
    assert stack.file.read_text() == FILE.replace("{v2: 100}", "{}")
    assert (said[0], stack.environments) == ("Pulumi.test.yaml declares nobody", [{"A": "b"}])


def test_a_walk_of_another_that_is_alive_is_told_as_that(stack, cloud, said):
    cloud.shares = Live({"v1": 500, "v2": 500}, Mark("abc", {"v1": 1000}, {"v2": 1000}, me(), 4_000_000_000))
    stack.refuse(EngineError("another walk is on"))
    with pytest.raises(EngineError) as caught:
        carry_out(stack, Change(what="move", traffic={"v1": 100}), said.append)
    assert f"live is v1 50 · v2 50, and a walk is marked: v1 100 → v2 100 by {me()}. " in str(caught.value)
    assert "is refused as long as that walk is on, and then goes to that" in str(caught.value)
    assert stack.file.read_text() == FILE
