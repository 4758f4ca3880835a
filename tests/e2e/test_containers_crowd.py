"""Thirty containers on one host: each within its limits, and none touched by another's trouble or release."""

import signal
import time
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import ok
from tests.e2e.crowd import BOUND, Crowd, began, bounds, counted, crowded, standing, tell
from tests.patience import eventually

BOMB = ["sh", "-c", "bomb() { bomb | bomb & }; bomb"]


@pytest.fixture(scope="module")
def crowd(docker_client, docker_host: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    with crowded(tmp_path_factory.mktemp("crowd"), docker_client, docker_host) as crowd:
        yield crowd


def test_thirty_containers_stay_within_the_limits_set(crowd):
    containers, since = crowd.containers, time.time()
    assert [bounds(one) for one in containers] == [BOUND] * 30
    with crowd.served():
        eventually(lambda: [dock.ask() for dock in crowd.docks] == [(200, "v1")] * 3, "each service answers")
        assert max(counted(one, "used") for one in containers) < BOUND["memory"] << 20
        assert max(counted(one, "many") for one in containers) < BOUND["processes"]
    assert crowd.harmed(since) == set()
    assert [one.attrs["RestartCount"] for one in crowd.containers] == [0] * 30


def test_a_container_that_wants_more_memory_than_it_may_have_dies_alone(crowd):
    shop, before, since = crowd.docks[0], began(crowd.containers), time.time()
    victim = shop.containers("v3")[0]
    with crowd.served(but=(shop, "v3")):
        tell(victim, signal.SIGUSR2)
        eventually(lambda: ("oom", victim.id) in crowd.harmed(since), "it was refused more")
        eventually(lambda: began(shop.containers("v3"))[victim.id] > before[victim.id], "it began again")
    assert crowd.harmed(since) == {("oom", victim.id), ("die", victim.id)}
    after = began(crowd.containers)
    assert {one for one in before if after[one] != before[one]} == {victim.id}


def test_a_fork_bomb_in_one_container_harms_none_of_the_others(crowd):
    shop, before, since = crowd.docks[0], began(crowd.containers), time.time()
    victim = shop.containers("v3")[1]
    assert bounds(victim)["processes"] == BOUND["processes"]  # else this machine goes down with it
    try:
        with crowd.served(but=(shop, "v3")):
            victim.exec_run(BOMB, detach=True)
            eventually(lambda: counted(victim, "refused") > 0, "it has all that it may have, and is refused more")
            answers_go_on = time.monotonic() + 3
            eventually(lambda: time.monotonic() > answers_go_on, "it has had its way for a while")
            assert counted(victim, "many") <= BOUND["processes"]
            others = [one for one in crowd.containers if one.id != victim.id]
            assert max(counted(one, "many") for one in others) < BOUND["processes"] // 2
    finally:
        victim.restart(timeout=0)  # with its first process all the others end
    assert {who for _, who in crowd.harmed(since)} == {victim.id}
    victim.reload()
    assert counted(victim, "many") < BOUND["processes"] // 2
    after = began(crowd.containers)
    assert {one for one in before if after[one] != before[one]} == {victim.id}


def test_a_release_of_one_service_touches_nothing_of_the_others(crowd):
    shop, *others = crowd.docks
    before, since = [standing(dock) for dock in others], time.time()
    shop.images["v4"] = shop.images["v1"]
    shop.add("v4", **shop.releases.pop("v3"))
    shop.declare({"v4": 100}, steps=[50])
    with crowd.served(but=(shop, "v3")):
        ok(shop.up())
    assert (shop.live(), shop.containers("v3")) == ({"v4": 999}, [])
    assert [standing(dock) for dock in others] == before
    assert {who for _, who in crowd.harmed(since)} == set()
