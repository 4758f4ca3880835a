"""One release at a time under load: promoted when it is good, put back by itself when it is not.

Numbers in comments are those of the incidents that docs/reliability.md tells.
"""

import pytest

from rehearsal.load import dropped, dropped_by
from tests.e2e.conftest import ok
from tests.e2e.scene import alone, assert_only_its_share_failed, assert_restored, moved, walk

DEFAULT = {"gates": {"errors": {}}}
LATENCY = {"over": "300ms", "warmup": "0s"}


# incident 4
def test_a_good_release_is_promoted_through_all_steps_and_nothing_is_dropped(scene, load, ends):
    here, there = ends
    scene.declare({there: 100}, **DEFAULT)
    with scene.watching() as seen:
        ok(scene.up())
    assert seen == walk(here, there)
    assert scene.state == alone(there)
    assert scene.entry()["verdict"] == "promote"
    assert dropped(load.stop()) == []


# incidents 5, 10
def test_a_rollback_is_one_move_and_its_preview_says_so(scene, load, ends):
    here, there = ends
    scene.settle(there)  # so that both have had all the traffic
    scene.declare({here: 100}, rollback="instant")
    assert f"plan: {there} 100 → {here} 100 in one move, once {here} is healthy" in scene.preview().text
    with scene.watching() as seen:
        ok(scene.up())
    assert seen == [{there: 999}, {here: 999}]
    assert scene.state == alone(here)
    assert dropped(load.stop()) == []


# incidents 12, 13
@pytest.mark.parametrize(
    ("faults", "load"),
    [({"fail": 0.05}, 250), ({"fail": 0.02}, 400)],  # the judge takes about 1,400 and 3,200 requests of v2 for it
    ids=["five-percent", "two-percent"],
    indirect=["load"],
)
def test_a_release_that_fails_requests_is_restored_by_evidence(home, load, faults):
    home.declare({"v2": 100}, **DEFAULT, prove_by=25)
    home.faulty("v2", **faults)
    done = home.up()
    assert_restored(home, done, r"v2: \d+ of [\d,]+ failed, v1: 0 of [\d,]+ failed; worse by \d")
    assert set(dropped_by(load.stop())) == {"v2"}


def test_a_release_that_dawdles_is_restored_by_the_latency_gate(home, load):
    home.declare({"v2": 100}, gates={"errors": {}, "latency": LATENCY}, prove_by=25)
    home.faulty("v2", slow=0.1, slow_ms=400)
    done = home.up()
    assert_restored(home, done, r"v2: \d+ of [\d,]+ slow, v1: \d+ of [\d,]+ slow; worse by \d")
    assert dropped(load.stop()) == []


@pytest.mark.parametrize("share", [50, 100])
def test_a_release_that_turns_bad_late_is_restored(home, load, share):
    said = moved(v1=50, v2=50) if share == 50 else moved(v2=100)
    home.declare({"v2": 100}, bake="6s", prove_by=25)
    done = home.up({said: lambda: home.faulty("v2", fail=0.5)})
    assert_restored(home, done, r"v2: \d+ of [\d,]+ failed")
    assert home.entry()["steps"][-1]["shares"]["v2"] == share * 10
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
    done = home.up({moved(v1=95, v2=5): lambda: home.stage.faults(flap={"v2": 11})})
    # Without a healthy instance the balancer answers 503 for v2: its count may come first.
    assert_restored(home, done, r"v2: (\d+ of [\d,]+ failed|0 of 1 healthy)")
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
