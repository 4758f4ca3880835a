"""The hooks of a run, called as the engine calls them, over real slices on moto."""

import pulumi
import pytest

from components.aws.drivers import AwsDrivers
from components.backend import Target
from components.gate import Gate
from components.interrupt import Interrupt
from components.settings import parse
from rollout.errors import ForeignError, RefusedError, UnhealthyError
from rollout.mark import Mark, Owner, to_fields
from tests.configs import AMI, dev_config
from tests.recording import RecordingCloud
from tests.world import PRIORITY, Shop

DEAD = Owner("ann", "here", 1, 1)
URL = "http://127.0.0.1:1/"


class Run:
    """A run of a program that declares *traffic* over the shop's slices."""

    def __init__(self, cloud: RecordingCloud, shop: Shop, drivers: AwsDrivers) -> None:
        self.cloud = cloud
        self.shop = shop
        self.drivers = drivers

    def deploy(self, preview: bool = False, unknown: tuple[str, ...] = (), ready: str = "1s", **traffic: float) -> None:
        """Declare *traffic*; the target groups of *unknown* are still to be made."""
        service = {"name": "shop", "port": 8080, "drain": 0}
        config = dev_config(
            service=service,
            releases={version: {"ami": AMI} for version in self.shop.groups},
            traffic=traffic,
            rollout={"ready": ready, "steps": [], "bake": 0, "gates": {}},
        )

        def program() -> None:
            gate = Gate(parse(config), self.drivers, Interrupt())
            groups = {
                version: pulumi.Stash(version, input=group).id if version in unknown else group
                for version, group in self.shop.groups.items()
            }
            targets = {
                version: Target(version=version, group=group, fleet=self.shop.fleets[version], resources=())
                for version, group in groups.items()
            }
            gate.tidy(gate.record(self.shop.theirs.listener, URL, PRIORITY, targets))

        self.cloud.deploy(program, preview=preview)

    def mark(self, rule: str, mark: Mark) -> None:
        """Leave *mark* beside the weights."""
        tags = [{"Key": f"sluice:{key}", "Value": value} for key, value in to_fields(mark).items()]
        self.shop.aws("elbv2").add_tags(ResourceArns=[rule], Tags=tags)

    def recorded(self, **shares: float) -> dict[str, object]:
        """The record's old inputs, as the engine hands them to a hook: numbers are floats."""
        slices = {v: {"group": group, "fleet": self.shop.fleets[v]} for v, group in self.shop.groups.items()}
        return {
            "input": {
                "shares": {version: float(share) for version, share in shares.items()},
                "slices": slices,
                "listener": self.shop.theirs.listener,
                "priority": float(PRIORITY),
            }
        }

    @property
    def told(self) -> list[str]:
        return [line for line in self.cloud.told if "regist" not in line]


@pytest.fixture(scope="module")
def drivers(aws) -> AwsDrivers:
    return AwsDrivers(parse(dev_config()))


@pytest.fixture
def run(cloud, shop, drivers) -> Run:
    shop.build("v1", "v2")
    return Run(cloud, shop, drivers)


def test_the_first_run_waits_for_health_and_moves_nothing(run):
    run.deploy(v1=100)
    run.cloud.meet("ramp", new_inputs=run.recorded(v1=100))
    assert "v1: 1 of 1 healthy · 0 s of 1 s" in run.told


def test_a_first_run_whose_slice_never_gets_healthy_fails(run, shop):
    shop.fleets["v1"] = shop.fleet(shop.group("elsewhere"), size=1)
    shop.groups["v1"] = shop.group("v1")
    run.deploy(v1=100)
    with pytest.raises(
        UnhealthyError, match=r"v1: 0 of 1 healthy after . s\. No traffic is split yet: nothing was moved"
    ):
        run.cloud.meet("ramp", new_inputs=run.recorded(v1=100))


def test_a_release_walks_the_live_weights_to_what_is_declared(run, shop):
    rule = shop.rule({"v1": 999})
    run.deploy(v1=87.5, v2=12.5)
    run.cloud.meet("ramp", old_inputs=run.recorded(v1=100), new_inputs=run.recorded(v1=87.5, v2=12.5))
    assert shop.weights(rule) == {"v1": 875, "v2": 125}
    assert set(shop.tags(rule)) == {"sluice:service", "sluice:carried"}


def test_a_preview_tells_the_plan_and_touches_nothing(run, shop):
    rule = shop.rule({"v1": 999})
    run.deploy(v2=100, preview=True)
    run.cloud.meet("ramp", old_inputs=run.recorded(v1=100), new_inputs=run.recorded(v2=100))
    assert run.told[-5] == "plan: v1 100 → v2 100 in one move, once v2 is healthy (within 1 s)"
    assert run.told[-1] == "  on any failure back to v1 100"
    assert shop.weights(rule) == {"v1": 999}


def test_a_preview_tells_the_plan_once_though_the_rule_follows(run, shop):
    shop.rule({"v1": 999})
    run.deploy(v2=100, preview=True)
    run.cloud.meet("ramp", old_inputs=run.recorded(v1=100), new_inputs=run.recorded(v2=100))
    run.cloud.meet("hold")
    assert len([line for line in run.told if line.startswith("plan:")]) == 1


def test_a_preview_before_the_listener_exists_has_nothing_to_tell(cloud, drivers):
    def program() -> None:
        gate = Gate(parse(dev_config()), drivers, Interrupt())
        gate.record(pulumi.Stash("listener", input=1).id, URL, PRIORITY, {})

    cloud.deploy(program, preview=True)
    cloud.meet("ramp", new_inputs={})
    assert not [line for line in cloud.told if line.startswith("plan:")]


def test_a_drifted_rule_that_nobody_marked_is_refused(run, shop):
    rule = shop.rule({"v1": 500, "v2": 500})
    run.deploy(v1=100)
    with pytest.raises(ForeignError, match="recorded v1 100, live v1 50 · v2 50, planned v1 100, mark none"):
        run.cloud.meet("hold")
    assert shop.weights(rule) == {"v1": 500, "v2": 500}


def test_a_rule_that_a_dead_walk_left_is_walked_back(run, shop):
    rule = shop.rule({"v1": 500, "v2": 500})
    run.mark(rule, Mark("ab12cd34", {"v1": 1000}, {"v2": 1000}, DEAD, 1))
    run.deploy(v1=100)
    run.cloud.meet("hold")
    assert shop.weights(rule) == {"v1": 999}
    assert set(shop.tags(rule)) == {"sluice:service", "sluice:carried"}


def test_where_nothing_differs_and_no_hook_runs_a_dead_walks_mark_is_taken_away(run, shop):
    rule = shop.rule({"v1": 999})
    run.mark(rule, Mark("ab12cd34", {"v1": 1000}, {"v2": 1000}, DEAD, 1))
    run.deploy(v1=100)
    assert set(shop.tags(rule)) == {"sluice:service"}
    assert "took a dead walk's mark away; the weights were right already" in run.told


def test_a_preview_leaves_a_dead_walks_mark(run, shop):
    rule = shop.rule({"v1": 999})
    run.mark(rule, Mark("ab12cd34", {"v1": 1000}, {"v2": 1000}, DEAD, 1))
    run.deploy(v1=100, preview=True)
    assert "sluice:run" in shop.tags(rule)


def test_another_target_group_of_a_version_with_share_is_refused(run, shop):
    shop.rule({"v1": 999})
    old = run.recorded(v1=100)
    shop.groups["v1"] = shop.group("v1")
    run.deploy(v1=50, v2=50)
    with pytest.raises(RefusedError, match="v1 carries 100 % of the traffic, and its slice would be replaced"):
        run.cloud.meet("ramp", old_inputs=old, new_inputs=run.recorded(v1=50, v2=50))


def test_a_target_group_still_to_be_made_for_a_version_with_share_is_refused_in_preview(run, shop):
    shop.rule({"v1": 999})
    run.deploy(v1=50, v2=50, preview=True, unknown=("v1",))
    with pytest.raises(RefusedError, match=r"v1 carries 100 % .* Put that back, or move the traffic to a new version"):
        run.cloud.meet("ramp", old_inputs=run.recorded(v1=100), new_inputs={})


def test_from_a_version_whose_target_group_was_made_anew_the_traffic_may_go(run, shop):
    rule = shop.rule({"v1": 999})
    old = run.recorded(v1=100)
    shop.groups["v1"] = shop.group("v1")
    run.deploy(v2=100)
    run.cloud.meet("ramp", old_inputs=old, new_inputs=run.recorded(v2=100))
    assert shop.weights(rule) == {"v2": 999}


def test_another_target_group_of_a_standby_is_nothing_to_refuse(run, shop):
    rule = shop.rule({"v1": 999})
    old = run.recorded(v1=100)
    shop.build("v2")
    run.deploy(v1=50, v2=50)
    run.cloud.meet("ramp", old_inputs=old, new_inputs=run.recorded(v1=50, v2=50))
    assert shop.weights(rule) == {"v1": 500, "v2": 500}


def test_a_version_removed_while_it_carries_traffic_is_refused(run, shop):
    rule = shop.rule({"v1": 999})
    old = run.recorded(v1=100)
    group = shop.groups.pop("v1")
    run.deploy(v2=100)
    with pytest.raises(RefusedError, match="sluice:releases: v1 is removed but carries traffic"):
        run.cloud.meet("ramp", old_inputs=old, new_inputs=run.recorded(v2=100))
    shop.groups["v1"] = group
    assert shop.weights(rule) == {"v1": 999}


def test_a_fleet_that_carries_nothing_may_go(run, shop):
    shop.rule({"v1": 999})
    run.deploy(v1=100)
    run.cloud.meet("let-go", old_outputs={"targetGroupArns": [shop.groups["v2"]]})


def test_a_fleet_with_a_weight_may_not_go(run, shop):
    shop.rule({"v1": 999})
    run.deploy(v2=100)
    with pytest.raises(RefusedError, match=f"still carries traffic .weight 999 in rule {PRIORITY} of .*nothing of its"):
        run.cloud.meet("let-go", old_outputs={"targetGroupArns": [shop.groups["v1"]]})


def test_a_fleet_that_was_never_made_may_go(run):
    run.deploy(v1=100)
    run.cloud.meet("let-go", old_outputs=None)
