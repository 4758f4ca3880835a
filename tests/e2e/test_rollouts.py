"""One release at a time under load: promoted when it is good, put back by itself when it is not.

Numbers in comments are those of the incidents that docs/reliability.md tells.
"""

import re

import pytest

from rehearsal.load import Load, dropped, dropped_by, own
from tests.e2e.scene import RATE, WALK, Scene, alone, served_at_most

LATENCY = {"over": "300ms", "warmup": "0s"}


@pytest.fixture
def home(scene: Scene) -> Scene:
    """v1 has all the traffic."""
    scene.settle("v1")
    return scene


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


def assert_restored(scene: Scene, done, message: str) -> None:
    """The `up` ended non-zero and says why; the former traffic is live and recorded, and no mark is left."""
    assert done.code != 0, done.text
    assert re.search(message, done.text), done.text
    assert "Traceback" not in done.text
    assert scene.state == alone("v1")
    assert scene.entry()["verdict"] == "restore"


def assert_only_its_share_failed(scene: Scene, load: Load) -> None:
    """v1 and v2 answered without a fault; what the balancer answered for v2 is no more than v2's share."""
    answers = load.stop()
    assert set(dropped_by(answers)) <= {""}
    assert {answer.status for answer in dropped(answers)} <= {502, 503, 504}
    assert len(dropped(answers)) <= served_at_most(answers, scene.entry(), "v2")
    assert len(own(answers, "v1")) > RATE
