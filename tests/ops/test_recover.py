"""`recover`: the walk of a dead owner is undone, its lock broken, and nothing of anyone who is alive is touched."""

import os
import socket
import time

import pytest

from ops.errors import BusyError
from ops.locks import Lock
from ops.recover import recover
from rollout.mark import Mark, Owner, me
from rollout.routers.interface import Health, Live
from tests.ops.conftest import FILE

V1, V2, AT_25 = {"v1": 1000}, {"v2": 1000}, {"v1": 750, "v2": 250}
DEAD = Mark("dead1234", V1, V2, Owner("ann", "elsewhere", 1, 1), 0)
NOBODY = Lock("ann", socket.gethostname(), 4_194_304, 0)
HERE = Lock("ann", socket.gethostname(), os.getpid(), time.time())


@pytest.fixture(autouse=True)
def released(stack, cloud) -> None:
    """v1 serves; v2's walk was cut short."""
    stack.released("v1", "v2", shares=V1)
    cloud.healths = {v: Health(v, 2, 2) for v in ("v1", "v2")}
    cloud.shares = Live(AT_25, DEAD)


def test_the_walk_of_a_dead_owner_is_undone(stack, cloud, said):
    recover(stack, said.append)
    assert cloud.recovered == [Live(AT_25, DEAD)]
    assert said == [
        "a walk was cut short: v1 100 → v2 100 by ann@elsewhere (pid 1), and live is v1 75 · v2 25",
        "recovered: live is v1 100",
        "the next `pulumi up` walks to v2 100, as Pulumi.test.yaml declares; to stay, declare v1 100",
    ]
    assert stack.file.read_text() == FILE


def test_that_what_serves_again_is_ill_is_told(stack, cloud, said):
    cloud.healths["v1"] = Health("v1", 1, 2, {"Target.Timeout": 1})
    recover(stack, said.append)
    assert said[1] == "recovered: live is v1 100; but v1: 1 of 2 healthy (1 Target.Timeout)"


def test_a_slice_that_is_gone_is_told_too(stack, cloud, said):
    del cloud.healths["v1"]
    recover(stack, said.append)
    assert said[1].endswith("but v1: its slice is gone")


def test_what_the_next_up_does_depends_on_the_file(stack, cloud, said):
    stack.file.write_text(FILE.replace("{v2: 100}", "{v1: 100}"))
    recover(stack, said.append)
    assert said[-1] == "the next `pulumi up` has nothing to move: Pulumi.test.yaml declares v1 100"


def test_and_on_what_is_recorded(stack, cloud, said):
    stack.released("v1", "v2", shares={"v0": 1000})
    recover(stack, said.append)
    assert "recorded is v0 100: to walk there from v1 100, run `pulumi up` with SLUICE_TAKE_OVER=yes" in said[-1]


def test_a_live_owner_is_named_and_left_alone(stack, cloud, said):
    cloud.shares = Live(AT_25, Mark("live1234", V1, V2, me(), int(time.time()) + 60))
    stack.locked = [NOBODY]
    with pytest.raises(BusyError, match=r"a walk is on: v1 100 → v2 100 by .*`python -m ops stop` ends it"):
        recover(stack, said.append)
    assert (cloud.recovered, stack.locked) == ([], [NOBODY])


def test_an_owner_elsewhere_is_alive_until_its_lease_ends(stack, cloud, said):
    cloud.shares = Live(AT_25, Mark("live1234", V1, V2, Owner("ann", "elsewhere", 1, 1), int(time.time()) + 40))
    with pytest.raises(BusyError, match=r"which lasts (39|40) s more"):
        recover(stack, said.append)


@pytest.mark.parametrize("outputs", [{}, {"sluice": {"slices": {}}}])
def test_nothing_to_do_is_one_line(stack, cloud, said, outputs):
    cloud.shares = Live(V2, None)
    stack.recorded = type(stack.recorded)(outputs, {})
    recover(stack, said.append)
    assert said == ["nothing to recover"]


def test_the_lock_of_a_dead_process_is_broken_with_or_without_a_walk(stack, cloud, said):
    stack.locked = [NOBODY]
    recover(stack, said.append)
    assert said[-1] == f"the stack was locked by {NOBODY}, which is dead: the lock is broken"
    assert stack.locked == []
    cloud.shares, stack.locked = Live(V1, None), [NOBODY]
    said.clear()
    recover(stack, said.append)
    assert (len(said), stack.locked) == (1, [])


@pytest.mark.parametrize("others", [[], [NOBODY]])
def test_a_lock_whose_process_is_alive_is_told_and_stays_with_all_others(stack, said, others):
    stack.locked = [HERE, *others]
    recover(stack, said.append)
    assert said[-1].startswith(f"the stack is locked by {HERE}, which is alive as far as can be seen from here: not")
    assert stack.locked == [HERE, *others]


def test_a_lock_from_elsewhere_goes_with_the_walk_of_the_same_user_there(stack, cloud, said):
    stack.locked = [Lock("bob", "elsewhere", 1, 0)]
    recover(stack, said.append)
    assert len(stack.locked) == 1
    stack.locked, cloud.shares = [Lock("ann", "elsewhere", 1, 0)], Live(AT_25, DEAD)
    recover(stack, said.append)
    assert stack.locked == []


def test_where_the_backend_keeps_its_locks_to_itself_none_is_broken(stack, said):
    stack.locked = None
    recover(stack, said.append)
    assert said[-1].startswith("the next `pulumi up`")
