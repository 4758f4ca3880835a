"""Traffic moved by API, as a run of the program would: on moto, in one move, and put back when it is stopped."""

import os
import signal
import threading
import time
from dataclasses import replace

import pytest

from ops.cloud import Cloud
from ops.errors import OpsError, StoppedError
from ops.facts import State
from ops.now import move
from ops.prospect import AT_ONCE, Prospect
from ops.status import look
from rollout.mark import Mark, me
from rollout.routers.alb import AlbRouter
from rollout.shares import Shares
from tests.ops.conftest import AMI
from tests.patience import eventually
from tests.world import PRIORITY, Shop

V1, V2 = {"v1": 1000}, {"v2": 1000}


@pytest.fixture
def rule(shop: Shop) -> str:
    """The weighted rule of two slices, all of it v2's."""
    shop.build("v1", "v2")
    return shop.rule({"v2": 999})


@pytest.fixture
def ahead(stack, shop: Shop, rule: str, tmp_path, monkeypatch):
    """What would go to v1, at once; the journal is in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    slices = {v: {"artifact": AMI, "group": shop.groups[v], "fleet": shop.fleets[v]} for v in ("v1", "v2")}
    there = {"service": "shop", "listener": shop.theirs.listener, "priority": PRIORITY, "slices": slices}

    def prospect(recorded: Shares = V2, **strategy) -> Prospect:
        own = stack.config().settings()
        at_once = replace(own.strategy, **{**AT_ONCE, "ready": 60.0, **strategy})
        settings = replace(own, traffic=type(own.traffic)(V1), strategy=at_once)
        state = State({"sluice": there}, {}, recorded)
        cloud = Cloud(settings, state)
        return Prospect(settings, state, cloud, look(settings, state, cloud))

    return prospect


def router(shop: Shop) -> AlbRouter:
    return AlbRouter(
        elbv2=shop.aws("elbv2"),
        autoscaling=shop.aws("autoscaling"),
        listener=shop.theirs.listener,
        priority=PRIORITY,
        service="shop",
        groups=dict(shop.groups),
        fleets=dict(shop.fleets),
    )


def test_the_weights_go_in_one_move_and_the_mark_with_it(ahead, shop, rule, said):
    move(ahead(), "test", said.append)
    assert shop.weights(rule) == {"v1": 999}
    assert set(shop.tags(rule)) == {"sluice:service", "sluice:carried"}
    assert any("moved: v1 100" in line for line in said)


def test_what_is_live_already_is_not_moved(ahead, shop, rule, said):
    router(shop).set_shares(V1)
    move(ahead(), "test", said.append)
    assert said == []


def test_weights_that_are_not_ours_are_refused_unless_taken_over(ahead, shop, rule, said):
    router(shop).set_shares({"v1": 300, "v2": 700})
    with pytest.raises(OpsError, match="the live weights are not ours"):
        move(ahead(), "test", said.append)
    assert shop.weights(rule) == {"v1": 300, "v2": 700}
    move(ahead(), "test", said.append, take_over=True)
    assert shop.weights(rule) == {"v1": 999}


def test_a_dead_walk_is_walked_back_from(ahead, shop, rule, said):
    theirs = router(shop)
    theirs.set_shares({"v1": 500, "v2": 500})
    theirs.set_mark(Mark("dead1234", V1, V2, me(), 0))
    move(ahead(recorded=V1), "test", said.append)
    assert shop.weights(rule) == {"v1": 999}


def test_a_live_walk_is_asked_to_stop_first(ahead, shop, rule, said):
    theirs = router(shop)
    mark = Mark("live1234", V2, V1, me(), int(time.time()) + 60)
    theirs.set_shares({"v1": 250, "v2": 750})
    theirs.set_mark(mark)

    def walk() -> None:
        eventually(lambda: (live := theirs.read()) and live.mark and live.mark.stop, "it is asked to stop")
        theirs.set_shares(V2)
        theirs.set_mark(None)

    walking = threading.Thread(target=walk)
    walking.start()
    move(ahead(), "test", said.append)
    walking.join()
    assert said[0] == f"asking {me()} to put v2 100 back"
    assert shop.weights(rule) == {"v1": 999}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_before_it_moved_nothing_is(ahead, shop, rule, said, number):
    def say(line: str) -> None:
        said.append(line)
        if line.startswith("walk"):
            os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    with pytest.raises(StoppedError, match=r"stopped by the operator\. v2 100 stays live"):
        move(ahead(), "test", say)
    assert signal.getsignal(number) is before
    assert shop.weights(rule) == {"v2": 999}
    assert "sluice:run" not in shop.tags(rule)
