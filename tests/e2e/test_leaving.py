"""Whatever way a slice leaves the program, none goes that still carries traffic."""

import json
import re
from collections.abc import Iterator

import pytest

from rehearsal.load import Load, dropped
from rehearsal.stage import Stage
from tests.e2e.conftest import client, declare, live, ok, recorded, sample, versions

DESTROY = ("pulumi", "destroy", "--yes", "--skip-preview", "--non-interactive", "--color", "never")
STILL = r"shop-v1-\w+ still carries traffic \(weight 999 in rule \d+ of .*\); nothing of its slice was deleted"


@pytest.fixture(scope="module")
def images(stage: Stage) -> dict[str, str]:
    """v1 live, v2 a standby."""
    stage.configure(rollout={"ready": "60s", "steps": [50], "bake": "1s", "deadline": "60s", "gates": {}})
    images = {name: sample(stage, f"app-{name}") for name in ("v1", "v2")}
    declare(stage, images, {"v1": 100})
    ok(stage.up())
    return images


@pytest.fixture
def load(stage: Stage, images: dict[str, str]) -> Iterator[Load]:
    """Clients all the while, none of whose requests is dropped."""
    load = Load(ok(stage.run("pulumi", "stack", "output", "url")).strip(), connections=8, rate=100)
    load.start()
    yield load
    assert dropped(load.stop()) == []


def urn(stage: Stage, kind: str) -> str:
    """The URN of v1's resource of *kind*."""
    state = json.loads(ok(stage.run("pulumi", "stack", "export")))
    urns = [one["urn"] for one in state["deployment"]["resources"] if not one.get("delete")]
    return next(one for one in urns if one.endswith(f"${kind}::shop-v1"))


def instances(stage: Stage) -> list[str]:
    """Every instance that is in service."""
    groups = client(stage, "autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    states = {one["InstanceId"]: one["LifecycleState"] for group in groups for one in group["Instances"]}
    return sorted(name for name, state in states.items() if state == "InService")


def test_removed_from_the_config(stage, images, load):
    declare(stage, {"v2": images["v2"]}, {"v2": 100})
    done = stage.up()
    assert done.code != 0
    assert "sluice:releases: v1 is removed but carries traffic" in done.text
    assert (live(stage), versions(stage)) == ({"v1": 999}, {"v1", "v2"})
    declare(stage, images, {"v1": 100})


def test_its_fleet_made_anew(stage, images, load):
    before = instances(stage)
    done = stage.up("--replace", urn(stage, "aws:autoscaling/group:Group"))
    assert done.code != 0
    assert re.search(STILL, done.text)
    assert live(stage) == {"v1": 999}
    assert set(before) < set(instances(stage))
    declare(stage, images, {"v2": 100})
    ok(stage.up())
    assert (live(stage), recorded(stage)) == ({"v2": 999}, {"v2": 100})
    assert len(instances(stage)) == len(before)
    declare(stage, images, {"v1": 100})
    ok(stage.up())


def test_its_target_group_made_anew(stage, images, load):
    before = instances(stage)
    done = stage.up("--replace", urn(stage, "aws:lb/targetGroup:TargetGroup"))
    assert done.code != 0
    assert "v1 carries 100 % of the traffic, and its slice would be replaced by another" in done.text
    assert (live(stage), instances(stage)) == ({"v1": 999}, before)
    declare(stage, images, {"v2": 100})
    ok(stage.up())
    assert (live(stage), recorded(stage)) == ({"v2": 999}, {"v2": 100})
    declare(stage, {"v2": images["v2"]}, {"v2": 100})
    ok(stage.up())
    assert versions(stage) == {"v2"}


def test_the_stack_destroyed_though_someone_lifted_every_protection(stage, images, load):
    before, held = instances(stage), live(stage)
    bare = stage.run(*DESTROY)
    assert bare.code != 0
    assert "--run-program" in bare.text
    ok(stage.run("pulumi", "state", "unprotect", "--all", "--yes"))
    done = stage.run(*DESTROY, "--run-program")
    assert done.code != 0
    assert not re.search(r"- \d+ deleted", done.text), done.text
    assert (live(stage), instances(stage)) == (held, before)
