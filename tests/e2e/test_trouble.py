"""AWS in trouble while traffic walks: throttled, slow, late, silent, and credentials that expire. Under load.

Numbers in comments are those of the incidents that docs/reliability.md tells.
"""

import time

import pytest

from rehearsal.load import dropped, own
from tests.e2e.conftest import ONE_MOVE, live, ok, versions
from tests.e2e.scene import EASY, alone, assert_refused, moved

# By name: what is stated, and on which numbers in docs/reliability.md it bears.
TROUBLE = {
    "throttled": {"throttle": {"elasticloadbalancing:*": (3, 3)}},  # incidents 1, 16
    "delayed": {"delay": {"ModifyRule": 2}},
    "lost-reply": {"lose_reply": {"ModifyRule": 1}},
    "late-reads": {"late_reads": 3},
    "late-weights": {"late_weights": 3},  # incidents 1, 2
}


@pytest.mark.parametrize("faults", TROUBLE.values(), ids=TROUBLE)
def test_a_release_is_promoted_all_the_same(scene, load, ends, faults):
    _, there = ends
    scene.declare({there: 100}, gates=EASY, bake="1s")
    done = scene.up({"healthy": lambda: scene.stage.faults(**faults)})
    scene.stage.faults()
    ok(done)
    assert scene.state == alone(there)
    assert [step["shares"].get(there) for step in scene.entry()["steps"]] == [50, 250, 500, 1000]
    assert dropped(load.stop()) == []


# incidents 1, 2
def test_a_slice_that_still_gets_requests_after_its_share_is_gone_is_deleted_only_when_they_end(home, load):
    home.add("v8")
    home.declare({"v8": 100}, **ONE_MOVE)
    ok(home.up())
    home.stage.faults(late_weights=25)
    home.declare({"v1": 100}, **ONE_MOVE)
    ok(home.up())
    over = time.time()
    del home.releases["v8"]
    home.declare({"v1": 100}, **ONE_MOVE)
    done = home.up()
    gone = load.stop()
    assert "waiting until no request was seen for 3 s" in ok(done)
    assert "v8" not in versions(home.stage)
    assert dropped(gone) == []
    assert own(gone, "v8")[-1].at > over
    assert gone[-1].version == "v1"


# incident 14
def test_credentials_that_expire_in_the_middle_end_in_a_named_state_from_which_one_up_goes_on(home, load):
    home.declare({"v2": 100}, gates={}, bake="1s")
    done = home.up({moved(v1=75, v2=25): lambda: home.stage.faults(expire_token=0)})
    home.stage.faults()
    assert_refused(done, r"ExpiredToken.*RESTORE FAILED: .*The former traffic is v1 100; .*`python -m ops recover`")
    assert live(home.stage) == {"v1": 750, "v2": 250}
    with home.watching() as seen:
        text = home.up().text
    assert "found the mark of a walk that was cut short: v1 100 → v2 100" in text
    assert seen == [{"v1": 750, "v2": 250}, {"v1": 500, "v2": 500}, {"v2": 999}]
    assert home.state == alone("v2")
    assert dropped(load.stop()) == []
