"""Capacity while traffic walks: a newcomer comes as large as the incumbent is, and neither shrinks under way.

Incident 17: a deploy set the desired capacity back to the minimum, scaling out meanwhile brought up old code, and
failed deploys ratcheted sizes.
"""

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from rehearsal.load import Load, dropped
from rehearsal.stage import Stage
from tests.e2e.conftest import client, declare, live, marks, ok, recorded, sample, versions
from tests.patience import PATIENCE, eventually

UP = ("pulumi", "up", "--yes", "--skip-preview", "--non-interactive")
ROLLOUT = {"ready": "90s", "steps": [50], "bake": "1s", "deadline": "120s", "rollback": "ramp", "gates": {}}


@pytest.fixture(scope="module")
def images(stage: Stage) -> dict[str, str]:
    """v1 live, one instance as its release says."""
    images = {name: sample(stage, f"app-{name}") for name in ("v1", "v2")}
    images["sick"] = sample(stage, "app-sick", FAIL_HEALTH="1")
    stage.configure(rollout=ROLLOUT)
    declare(stage, {"v1": images["v1"]}, {"v1": 100})
    ok(stage.up())
    return images


@pytest.fixture
def load(stage: Stage, images: dict[str, str]) -> Iterator[Load]:
    """Clients all the while, none of whose requests is dropped; the rollout is ROLLOUT until a test says otherwise."""
    stage.configure(rollout=ROLLOUT)
    load = Load(ok(stage.run("pulumi", "stack", "output", "url")).strip(), connections=8, rate=100)
    load.start()
    yield load
    assert dropped(load.stop()) == []


def fleets(stage: Stage) -> dict[str, dict[str, Any]]:
    """The Auto Scaling groups by version."""
    groups = client(stage, "autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    return {next(tag["Value"] for tag in one["Tags"] if tag["Key"] == "sluice:version"): one for one in groups}


def sizes(stage: Stage, version: str) -> tuple[int, int, int]:
    """Minimum, desired, maximum."""
    group = fleets(stage)[version]
    return group["MinSize"], group["DesiredCapacity"], group["MaxSize"]


def serving(stage: Stage, version: str) -> list[str]:
    """The instances in service."""
    instances = fleets(stage)[version]["Instances"]
    return sorted(one["InstanceId"] for one in instances if one["LifecycleState"] == "InService")


def protected(stage: Stage) -> list[str]:
    """Everything that is protected from scale-in: instances, and versions whose new ones will be."""
    held = []
    for version, group in fleets(stage).items():
        held += [version] if group["NewInstancesProtectedFromScaleIn"] else []
        held += [one["InstanceId"] for one in group["Instances"] if one["ProtectedFromScaleIn"]]
    return held


def scale(stage: Stage, version: str, **size: int) -> None:
    """What a person or a policy does."""
    name = fleets(stage)[version]["AutoScalingGroupName"]
    client(stage, "autoscaling").update_auto_scaling_group(AutoScalingGroupName=name, **size)


def test_an_up_leaves_a_fleet_that_was_scaled_out_as_it_is(stage, images, load):
    scale(stage, "v1", MaxSize=6, DesiredCapacity=4)
    before = serving(stage, "v1")
    ok(stage.up("--expect-no-changes"))
    assert sizes(stage, "v1") == (1, 4, 6)
    assert serving(stage, "v1") == before


def test_incident_17_a_newcomer_is_as_large_as_the_incumbent_before_its_first_share(stage, images, load):
    declare(stage, {"v1": images["v1"], "v2": images["v2"]}, {"v2": 100})
    text = ok(stage.up())
    assert text.index("v2: 4 of 4 healthy") < text.index("moved: v1 50 · v2 50")
    assert (live(stage), recorded(stage)) == ({"v2": 999}, {"v2": 100})
    assert (sizes(stage, "v1"), sizes(stage, "v2")) == ((1, 4, 6), (1, 4, 4))
    assert protected(stage) == []


def test_the_up_after_a_growth_changes_nothing_and_takes_nothing_back(stage, images, load):
    before = serving(stage, "v2")
    ok(stage.up("--expect-no-changes"))
    assert (sizes(stage, "v2"), serving(stage, "v2")) == ((1, 4, 4), before)


def test_incident_17_scaling_either_fleet_under_way_is_not_fought_and_none_shrinks(stage, images, load):
    stage.configure(rollout={**ROLLOUT, "bake": "8s"})
    v1, v2 = serving(stage, "v1"), serving(stage, "v2")
    declare(stage, {"v1": images["v1"], "v2": images["v2"]}, {"v1": 100})
    with stage.running(*UP) as up:
        eventually(lambda: live(stage) == {"v1": 500, "v2": 500}, "half of the traffic has moved")
        scale(stage, "v2", DesiredCapacity=1)
        scale(stage, "v1", DesiredCapacity=5)
        eventually(lambda: live(stage) == {"v1": 999}, "all of the traffic has moved")
        assert set(v2) <= set(serving(stage, "v2"))
        assert set(v1) < set(serving(stage, "v1"))
        text, _ = up.communicate(timeout=PATIENCE)
    assert up.returncode == 0, text
    assert (sizes(stage, "v1"), sizes(stage, "v2")) == ((1, 5, 6), (1, 1, 4))
    eventually(lambda: len(serving(stage, "v2")) == 1, "the former incumbent is scaled in after the walk")
    assert protected(stage) == []
    stage.configure(rollout=ROLLOUT)


def test_incident_17_a_newcomer_that_is_scaled_out_under_way_need_not_wait_for_those_that_boot(stage, images, load):
    slow = sample(stage, "app-slow", BOOT_SECONDS="15")
    stage.configure(rollout={**ROLLOUT, "bake": "5s"})
    scale(stage, "v1", DesiredCapacity=1)
    declare(stage, {"v1": images["v1"], "v2": images["v2"], "slow": slow}, {"slow": 100})
    with stage.running(*UP) as up:
        eventually(lambda: live(stage).get("slow") == 500, "half of the traffic has moved", 90)
        scale(stage, "slow", DesiredCapacity=2)
        text, _ = up.communicate(timeout=90)
    assert up.returncode == 0, text
    assert (live(stage), sizes(stage, "slow")) == ({"slow": 999}, (1, 2, 2))
    stage.configure(rollout=ROLLOUT)
    declare(stage, {"v1": images["v1"], "v2": images["v2"], "slow": slow}, {"v1": 100})
    ok(stage.up())
    declare(stage, {"v1": images["v1"], "v2": images["v2"]}, {"v1": 100})
    ok(stage.up())


def test_incident_17_a_newcomer_that_a_policy_saw_idle_keeps_its_size_when_it_has_all_the_traffic(stage, images, load):
    stage.configure(rollout={**ROLLOUT, "bake": "5s"})
    scale(stage, "v1", MaxSize=6, DesiredCapacity=3)
    eventually(lambda: len(serving(stage, "v1")) >= 3, "three instances of v1")
    declare(stage, {"v1": images["v1"], "v2": images["v2"]}, {"v2": 100})
    with stage.running(*UP) as up:
        eventually(lambda: live(stage) == {"v1": 500, "v2": 500}, "half of the traffic has moved", 90)
        held = serving(stage, "v2")
        scale(stage, "v2", DesiredCapacity=1)
        text, _ = up.communicate(timeout=90)
    assert up.returncode == 0, text
    assert sizes(stage, "v2")[1] == 3
    assert len(set(held) & set(serving(stage, "v2"))) >= 3
    stage.configure(rollout=ROLLOUT)
    declare(stage, {"v1": images["v1"], "v2": images["v2"]}, {"v1": 100})
    ok(stage.up())


def test_incident_17_five_aborted_releases_leave_the_sizes_as_they_were(stage, images, load):
    stage.configure(rollout={**ROLLOUT, "ready": "2s"})
    before = sizes(stage, "v1"), sizes(stage, "v2"), serving(stage, "v1")
    size = before[0][1]
    declare(stage, {**images}, {"sick": 100})
    for _ in range(5):
        done = stage.up()
        assert done.code != 0
        assert "v1 100 stays live" in done.text
        assert (sizes(stage, "v1"), sizes(stage, "v2"), serving(stage, "v1")) == before
        assert sizes(stage, "sick") == (1, size, size)
    assert (live(stage), recorded(stage), protected(stage)) == ({"v1": 999}, {"v1": 100}, [])
    stage.configure(rollout=ROLLOUT)
    declare(stage, {"v1": images["v1"], "v2": images["v2"]}, {"v1": 100})
    ok(stage.up())
    assert versions(stage) == {"v1", "v2"}


def test_a_standby_that_was_scaled_in_stays_asleep_until_it_is_to_get_share(stage, images, load):
    size, largest = sizes(stage, "v1")[1], sizes(stage, "v2")[2]
    scale(stage, "v2", MinSize=0, DesiredCapacity=0)
    eventually(lambda: fleets(stage)["v2"]["Instances"] == [], "the standby is empty")
    ok(stage.up("--expect-no-changes"))
    assert sizes(stage, "v2") == (0, 0, largest)
    declare(stage, {"v1": images["v1"], "v2": images["v2"]}, {"v2": 100})
    text = ok(stage.up())
    assert text.index(f"v2: {size} of {size} healthy") < text.index("moved: v1 50 · v2 50")
    assert (live(stage), sizes(stage, "v2")) == ({"v2": 999}, (0, size, max(size, largest)))


@pytest.mark.parametrize("forward", [True, False], ids=["going-on", "going-back-without-the-newcomer"])
def test_what_a_walk_that_was_killed_protects_the_next_one_lifts(stage, images, load, forward):
    for version in ("v1", "v2"):
        scale(stage, version, MinSize=1, DesiredCapacity=1)
    stage.configure(rollout={**ROLLOUT, "bake": "30s"})
    (incumbent,), before = live(stage), recorded(stage)
    releases = {"v1": images["v1"], "v2": images["v2"], "v3": images["v1"]}
    declare(stage, releases, {"v3": 100})
    with stage.running(*UP) as up:
        eventually(lambda: live(stage).get("v3") == 500, "half of the traffic has moved", 90)
        up.send_signal(signal.SIGKILL)
        up.communicate(timeout=PATIENCE)
    stage.run("pulumi", "cancel", "--yes")
    stage.configure(rollout=ROLLOUT)
    if not forward:
        declare(stage, {"v1": images["v1"], "v2": images["v2"]}, before)
    ok(stage.up())
    assert (live(stage), marks(stage), protected(stage)) == ({("v3" if forward else incumbent): 999}, [], [])
    declare(stage, releases, before)
    ok(stage.up())
    declare(stage, {"v1": images["v1"], "v2": images["v2"]}, before)
    ok(stage.up())
    assert (versions(stage), protected(stage)) == ({"v1", "v2"}, [])
