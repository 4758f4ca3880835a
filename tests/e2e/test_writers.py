"""One writer at a time, under load: a colleague's hand, a second `up`, and a state that lost its record.

Numbers in comments are those of the incidents that docs/reliability.md tells.
"""

import json
import re

from rehearsal.load import dropped
from tests.e2e.conftest import live, ok, recorded, weighted_rule
from tests.e2e.scene import BY_HEALTH, EASY, alone, assert_refused, moved, walk

TAKE_OVER = ("env", "SLUICE_TAKE_OVER=yes")
RULE = "aws:lb/listenerRule:ListenerRule"


def test_weights_that_someone_else_set_are_walked_from_only_when_taken_over(home, load):
    home.set_weights({"v1": 700, "v2": 300})
    home.declare({"v2": 100}, **BY_HEALTH)
    theirs = r"not ours: recorded v1 100, live v1 70 · v2 30, planned v2 100, mark none"
    assert_refused(home.preview(), theirs)
    assert_refused(home.up(), theirs)
    with home.watching() as seen:
        ok(home.up(None, *TAKE_OVER))
    assert seen == [
        {"v1": 700, "v2": 300},
        {"v1": 665, "v2": 335},
        {"v1": 525, "v2": 475},
        {"v1": 350, "v2": 650},
        {"v2": 999},
    ]
    assert home.state == alone("v2")
    assert dropped(load.stop()) == []


def test_a_walk_whose_weights_someone_else_changes_stands_down_and_leaves_them(home, load):
    theirs = {"v1": 400, "v3": 600}
    home.declare({"v2": 100}, gates={}, bake="3s")
    done = home.up({moved(v1=75, v2=25): lambda: home.set_weights(theirs)})
    assert_refused(done, r"else changed .*: expected v1 75 · v2 25 with mark \w+, found v1 40 · v3 60.* as found")
    assert (live(home.stage), recorded(home.stage)) == (theirs, {"v1": 100})
    assert home.entry()["verdict"] == "inconclusive"
    assert_refused(home.up(), r"not ours: recorded v1 100, live v1 40 · v3 60, planned v2 100, mark v1 100 → v2 100 by")
    home.declare({"v2": 100}, **BY_HEALTH)
    with home.watching() as seen:
        ok(home.up(None, *TAKE_OVER))
    assert [weights.get("v2", 0) for weights in seen] == [0, 50, 250, 500, 999]
    assert home.state == alone("v2")
    assert dropped(load.stop()) == []


# incidents 3, 7
def test_a_second_up_is_refused_by_the_lock_and_after_cancel_by_the_mark_and_the_first_one_finishes(scene, load, ends):
    here, there = ends
    second = []

    def intrude() -> None:
        scene.stage.faults(metrics_gone=True)  # the first one stays at its step meanwhile
        scene.declare({"v3": 100}, **BY_HEALTH)
        second.append(scene.stage.up())
        ok(scene.stage.run("pulumi", "cancel", "--yes"))
        second.append(scene.stage.up())
        scene.stage.faults()

    scene.declare({there: 100}, gates=EASY)
    with scene.watching() as seen:
        ok(scene.up({moved(**{here: 95, there: 5}): intrude}))
    locked, busy = second
    assert_refused(locked, r"the stack is currently locked by 1 lock\(s\)[\s\S]*created by \S+@\S+ \(pid \d+\)")
    assert_refused(busy, rf"another walk is on: {here} 100 → {there} 100 by \S+@\S+ \(pid \d+\) \(run \w+\)")
    assert seen == walk(here, there)
    assert scene.state == alone(there)
    assert dropped(load.stop()) == []


def test_with_the_record_lost_from_the_state_a_release_still_walks_from_live_in_steps(scene, load, ends):
    here, there = ends
    resources = json.loads(ok(scene.stage.run("pulumi", "stack", "export")))["deployment"]["resources"]
    record = next(one["urn"] for one in resources if one["urn"].endswith("Stash::traffic"))
    rule = weighted_rule(scene.stage)
    assert rule is not None
    ok(scene.stage.run("pulumi", "state", "delete", record, "--force", "--yes", "--target-dependents"))
    ok(scene.stage.run("pulumi", "import", RULE, "shop-traffic", rule["RuleArn"], "--yes", "--generate-code=false"))
    scene.declare({there: 100}, **BY_HEALTH)
    with scene.watching() as seen:
        done = scene.up()
    assert re.search(rf"walk \w+: {here} 100 → {there} 100", ok(done))
    assert seen == walk(here, there)
    assert scene.state == alone(there)
    assert dropped(load.stop()) == []
