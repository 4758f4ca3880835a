"""Releases on the real engine and the rehearsal cloud, under load where traffic moves."""

import re
import signal
import urllib.request

import pytest

from rehearsal.load import Load, dropped
from rehearsal.stage import Stage
from tests.e2e.conftest import (
    at_work,
    client,
    declare,
    live,
    marks,
    of_home,
    ok,
    recorded,
    sample,
    versions,
    weighted_rule,
)
from tests.e2e.ramps import ENGINE, kill
from tests.patience import PATIENCE, eventually


@pytest.fixture(scope="module")
def images(stage: Stage) -> dict[str, str]:
    """v1 live, v2 warm: where each test begins, and to where it returns."""
    images = {"v1": sample(stage, "app-v1"), "v2": sample(stage, "app-v2")}
    images["sick"] = sample(stage, "app-sick", FAIL_HEALTH="1")
    declare(stage, {"v1": images["v1"], "v2": images["v2"]}, {"v1": 100})
    ok(stage.up())
    assert live(stage) == {"v1": 999}
    return images


@pytest.fixture
def url(stage: Stage, images: dict[str, str]) -> str:
    return ok(stage.run("pulumi", "stack", "output", "url")).strip()


@pytest.fixture
def load(url: str):
    load = Load(url, connections=8, rate=200)
    load.start()
    yield load
    assert dropped(load.stop()) == []


def test_a_second_up_changes_nothing(stage, images):
    text = ok(stage.up("--expect-no-changes"))
    assert "walk" not in text


def test_a_preview_shows_the_walk_and_touches_nothing(stage, images):
    declare(stage, {"v1": images["v1"], "v2": images["v2"]}, {"v2": 100})
    text = ok(stage.run("pulumi", "preview", "--non-interactive", "--color", "never"))
    assert "plan: v1 100 → v2 100 in one move, once v2 is healthy" in text
    assert (live(stage), marks(stage)) == ({"v1": 999}, [])
    declare(stage, {"v1": images["v1"], "v2": images["v2"]}, {"v1": 100})


def test_the_isolation_route_reaches_a_slice_without_a_share(url):
    with urllib.request.urlopen(urllib.request.Request(url, headers={"X-Slice": "v2"}), timeout=PATIENCE) as answer:
        assert answer.headers["X-Version"] == "v2"


def test_twenty_releases_and_rollbacks_in_a_row_drop_nothing(stage, images, load):
    releases, version = {"v1": images["v1"], "v2": images["v2"]}, ""
    for turn in range(1, 21):
        if turn % 4 == 1:  # every fourth is a new version, the oldest standby leaves
            version = f"r{turn}"
            kept = dict(list(releases.items())[-2:])
            releases = {**kept, version: images["v1"]}
        else:
            version = list(releases)[turn % 3]
        declare(
            stage,
            releases | {carrier: images["v1"] for carrier in recorded(stage) if carrier not in releases},
            {version: 100},
        )
        ok(stage.up())
        assert live(stage) == {version: 999}
        assert recorded(stage) == {version: 100}
    declare(stage, {**releases, "v1": images["v1"], "v2": images["v2"]}, {version: 100})
    ok(stage.up())
    declare(stage, {**releases, "v1": images["v1"], "v2": images["v2"]}, {"v1": 100})
    ok(stage.up())
    declare(stage, {"v1": images["v1"], "v2": images["v2"]}, {"v1": 100})
    ok(stage.up())
    assert versions(stage) == {"v1", "v2"}


def test_a_release_that_never_gets_healthy_is_refused_and_the_former_one_serves(stage, images, load):
    declare(stage, {"v1": images["v1"], "v2": images["v2"], "sick": images["sick"]}, {"sick": 100})
    done = stage.up()
    assert done.code != 0
    assert re.search(r"sick: 0 of 1 healthy .*v1 100 stays live", done.text)
    assert (live(stage), recorded(stage), marks(stage)) == ({"v1": 999}, {"v1": 100}, [])
    assert "Traceback" not in done.text
    declare(stage, {"v1": images["v1"], "v2": images["v2"]}, {"v1": 100})
    ok(stage.up())
    assert versions(stage) == {"v1", "v2"}


def test_three_slices_share_the_traffic_by_weight(stage, images, url):
    declare(stage, {"v1": images["v1"], "v2": images["v2"], "v3": images["v1"]}, {"v1": 62.5, "v2": 25, "v3": 12.5})
    ok(stage.up())
    assert live(stage) == {"v1": 625, "v2": 250, "v3": 125}
    declare(stage, {"v1": images["v1"], "v2": images["v2"], "v3": images["v1"]}, {"v1": 100})
    ok(stage.up())
    declare(stage, {"v1": images["v1"], "v2": images["v2"]}, {"v1": 100})
    ok(stage.up())


def test_ctrl_c_while_it_waits_for_health_ends_it_with_the_former_weights(stage, images, load):
    declare(stage, {"v1": images["v1"], "v2": images["v2"], "sick": images["sick"]}, {"sick": 100})
    with stage.running("pulumi", "up", "--yes", "--skip-preview", "--non-interactive") as up:
        eventually(lambda: marks(stage), "a mark beside the weights")
        up.send_signal(signal.SIGINT)
        text, _ = up.communicate(timeout=PATIENCE)
    assert up.returncode != 0
    assert "stopped by the operator" in text
    assert (live(stage), recorded(stage), marks(stage)) == ({"v1": 999}, {"v1": 100}, [])
    eventually(lambda: not of_home(stage.home, *ENGINE), "no process of the engine is left")
    declare(stage, {"v1": images["v1"], "v2": images["v2"]}, {"v1": 100})
    ok(stage.up())


@pytest.mark.parametrize("whole_group", [False, True], ids=["the-engine", "everything-at-once"])
def test_after_kill_9_in_the_middle_cancel_and_up_converge(stage, images, load, whole_group):
    releases = {"v1": images["v1"], "v2": images["v2"], "v9": sample(stage, "app-v9")}
    declare(stage, releases, {"v9": 100})
    with stage.running("pulumi", "up", "--yes", "--skip-preview", "--non-interactive") as up:
        eventually(lambda: marks(stage), "a mark beside the weights")
        if whole_group:
            kill(list(at_work(stage.home, *ENGINE)))
        else:
            up.kill()
        up.communicate(timeout=PATIENCE)
    eventually(lambda: not of_home(stage.home, *ENGINE), "no process of the engine is left")
    stage.run("pulumi", "cancel", "--yes")
    ok(stage.up())
    assert (live(stage), recorded(stage), marks(stage)) == ({"v9": 999}, {"v9": 100}, [])
    declare(stage, releases, {"v1": 100})
    ok(stage.up())
    declare(stage, {"v1": images["v1"], "v2": images["v2"]}, {"v1": 100})
    ok(stage.up())
    assert versions(stage) == {"v1", "v2"}


def test_weights_that_someone_else_set_are_not_overwritten(stage, images):
    rule = weighted_rule(stage)
    assert rule is not None
    elbv2 = client(stage, "elbv2")
    groups = {
        group["TargetGroupName"]: group["TargetGroupArn"] for group in elbv2.describe_target_groups()["TargetGroups"]
    }
    v2 = next(arn for name, arn in groups.items() if name.startswith("shop-v2"))
    v1 = rule["Actions"][0]["ForwardConfig"]["TargetGroups"][0]["TargetGroupArn"]
    theirs = [{"TargetGroupArn": v1, "Weight": 700}, {"TargetGroupArn": v2, "Weight": 300}]
    elbv2.modify_rule(RuleArn=rule["RuleArn"], Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": theirs}}])
    done = stage.up()
    assert done.code != 0
    assert "the live weights are not ours" in done.text
    assert live(stage) == {"v1": 700, "v2": 300}
    declare(stage, {"v1": images["v1"], "v2": images["v2"]}, {"v1": 70, "v2": 30})
    ok(stage.up())
    declare(stage, {"v1": images["v1"], "v2": images["v2"]}, {"v1": 100})
    ok(stage.up())
    assert (live(stage), recorded(stage)) == ({"v1": 999}, {"v1": 100})


def test_the_engine_refuses_to_destroy_what_is_stable(stage, images):
    done = stage.run("pulumi", "destroy", "--yes", "--skip-preview", "--non-interactive", "--run-program")
    assert done.code != 0
    assert not re.search(r"- \d+ deleted", done.text), done.text
    assert live(stage) == {"v1": 999}
