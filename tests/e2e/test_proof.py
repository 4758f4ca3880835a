"""What cannot be proven is not promoted: no traffic, too little of it, no counts; and what is refused before a share.

Numbers in comments are those of the incidents that docs/reliability.md tells.
"""

from datetime import UTC, datetime, timedelta

from rehearsal.load import dropped
from tests.e2e.conftest import ok
from tests.e2e.scene import BY_HEALTH, EASY, SMOKE, alone, assert_refused, assert_restored, moved, walk


# incident 12
def test_without_any_traffic_nothing_is_proven_and_nothing_promoted(home):
    home.declare({"v2": 100}, gates=EASY, deadline="15s")
    assert_restored(home, home.up(), r"neither good nor bad by the deadline: .*Restored v1 100", "inconclusive")


def test_with_no_gate_health_alone_promotes_and_the_plan_says_what_is_not_seen(scene, ends):
    here, there = ends
    scene.declare({there: 100}, **BY_HEALTH)
    assert "gates: health alone; errors and slow answers are not seen" in scene.preview().text
    with scene.watching() as seen:
        ok(scene.up())
    assert seen == walk(here, there)
    assert scene.state == alone(there)


def test_what_could_not_be_proven_by_the_deadline_is_refused_in_preview_and_up(home, load):
    home.declare({"v2": 100}, gates={"errors": {"allow": 0.01}}, deadline="1m")
    with home.watching() as seen:
        previewed, done = home.preview(), home.up()
    for one in (previewed, done):
        assert_refused(one, "this rollout could not be proven by its deadline: gate errors needs about")
    assert seen == [{"v1": 999}]
    assert home.state == alone("v1")
    assert dropped(load.stop()) == []


def test_a_metric_source_that_goes_away_is_not_passed(home, load):
    home.declare({"v2": 100}, gates=EASY, deadline="20s")
    done = home.up({moved(v1=95, v2=5): lambda: home.stage.faults(metrics_gone=True)})
    assert_restored(home, done, r"deadline: .*read the counts of .*Restored v1 100", "inconclusive")
    assert dropped(load.stop()) == []


def test_a_metric_source_that_lags_is_waited_for(scene, load, ends):
    _, there = ends
    scene.declare({there: 100}, gates=EASY)
    scene.stage.faults(metrics_lag=5)
    ok(scene.up())
    assert scene.state == alone(there)
    assert dropped(load.stop()) == []


def test_the_command_gate_meets_the_newcomer_before_its_first_share(scene, load, ends):
    here, there = ends
    (scene.stage.root / "smoke.py").write_text(SMOKE)
    with scene.watching() as seen:
        scene.declare({there: 100}, gates={"command": ["python3", "smoke.py", "3"]})
        refused = scene.up()
        scene.declare({there: 100}, gates={"command": ["python3", "smoke.py", "0"]}, bake="1s")
        passed = scene.up()
    assert_refused(refused, rf"the command gate .* ended with 3; it said:\s+smoke of {there} met {there}\s")
    assert f"{here} 100 stays live: nothing was moved" in refused.text
    ok(passed)
    assert seen == walk(here, there)
    assert dropped(load.stop()) == []


def test_in_a_freeze_no_newcomer_gains_share_and_going_back_is_allowed(home, load):
    today = datetime.now(UTC)
    window = f"{today - timedelta(1):%Y-%m-%d}/{today + timedelta(1):%Y-%m-%d} UTC inventory"
    home.add("v7")  # v3 may have carried everything before, and going back to such is allowed
    home.declare({"v7": 100}, freeze=[window])
    for one in (home.preview(), home.up()):
        assert_refused(one, r"no newcomer gains share until .* \(inventory\), and v7 would")
    home.settle("v2")
    home.declare({"v1": 100}, freeze=[window], rollback="instant")
    ok(home.up())
    assert home.state == alone("v1")
    assert dropped(load.stop()) == []
