"""One release at a time under load: promoted when it is good, put back by itself when it is not.

Numbers in comments are those of the incidents that docs/reliability.md tells.
"""

import pytest

from rehearsal.load import dropped, dropped_by, own
from tests.e2e.scene import WALK, Scene, alone, assert_only_its_share_failed, assert_restored

LATENCY = {"over": "300ms", "warmup": "0s"}


@pytest.fixture
def away(scene: Scene) -> Scene:
    """v2 has all the traffic, which v1 had before."""
    scene.settle("v2")
    return scene


# incident 4
def test_a_good_release_is_promoted_through_all_steps_and_nothing_is_dropped(home, load):
    home.declare({"v2": 100})
    with home.watching() as seen:
        done = home.up()
    assert done.code == 0, done.text
    assert seen == [{"v1": 999}, *WALK]
    assert home.state == alone("v2")
    assert home.entry()["verdict"] == "promote"
    assert dropped(load.stop()) == []


# incidents 5, 10
def test_a_rollback_is_one_move_and_its_preview_says_so(away, load):
    away.declare({"v1": 100}, rollback="instant")
    assert "plan: v2 100 → v1 100 in one move, once v1 is healthy" in away.preview().text
    with away.watching() as seen:
        done = away.up()
    assert done.code == 0, done.text
    assert seen == [{"v2": 999}, {"v1": 999}]
    assert away.state == alone("v1")
    assert dropped(load.stop()) == []


# incidents 12, 13
@pytest.mark.parametrize("faults", [{"fail": 0.05}, {"fail": 0.02}], ids=["five-percent", "two-percent"])
def test_a_release_that_fails_requests_is_restored_by_evidence(home, load, faults):
    home.declare({"v2": 100})
    home.faulty("v2", **faults)
    done = home.up()
    assert_restored(home, done, r"v2: \d+ of [\d,]+ failed, v1: 0 of [\d,]+ failed; worse by \d")
    assert set(dropped_by(load.stop())) == {"v2"}


def test_a_release_that_dawdles_is_restored_by_the_latency_gate(home, load):
    home.declare({"v2": 100}, gates={"errors": {}, "latency": LATENCY})
    home.faulty("v2", slow=0.1, slow_ms=400)
    done = home.up()
    assert_restored(home, done, r"v2: \d+ of [\d,]+ slow, v1: \d+ of [\d,]+ slow; worse by \d")
    answers = load.stop()
    assert dropped(answers) == []
    assert max(answer.seconds for answer in own(answers, "v1")) < 0.3


@pytest.mark.parametrize("said", ["moved: v1 50 · v2 50", "moved: v2 100"], ids=["after-50", "after-100"])
def test_a_release_that_turns_bad_late_is_restored(home, load, said):
    home.declare({"v2": 100})
    done = home.up({said: lambda: home.faulty("v2", fail=0.1)})
    assert_restored(home, done, r"v2: \d+ of [\d,]+ failed")
    assert set(dropped_by(load.stop())) == {"v2"}


def test_a_release_that_resets_connections_is_restored(home, load):
    home.declare({"v2": 100})
    home.faulty("v2", reset=0.2)
    done = home.up()
    assert_restored(home, done, r"v2: \d+ of [\d,]+ failed, v1: 0 of [\d,]+ failed; worse by \d")
    assert_only_its_share_failed(home, load)


# incident 9
def test_a_release_that_crashes_under_load_is_restored(home, load):
    home.declare({"v2": 100})
    home.faulty("v2", crash_after=100)
    done = home.up()
    assert_restored(home, done, r"v2: (\d+ of [\d,]+ failed|0 of 1 healthy)")
    assert_only_its_share_failed(home, load)


# incidents 9, 18
def test_a_release_whose_health_flaps_is_restored(home, load):
    home.declare({"v2": 100})
    done = home.up({"moved: v1 95 · v2 5": lambda: home.stage.faults(flap={"v2": 11})})
    assert_restored(home, done, r"v2: 0 of 1 healthy .*and there were 1")
    assert_only_its_share_failed(home, load)


# incidents 9, 18
def test_a_release_that_never_becomes_healthy_gets_no_share(home, load):
    home.add("v9", FAIL_HEALTH="1")
    home.declare({"v9": 100}, ready="6s")
    with home.watching() as seen:
        done = home.up()
    assert_restored(home, done, r"v9: 0 of 1 healthy .*v1 100 stays live: nothing was moved")
    assert seen == [{"v1": 999}]
    assert dropped(load.stop()) == []
