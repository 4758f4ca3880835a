"""What really runs, asked of moto: a listener with its weighted rule, two slices, one AMI."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from components.settings import Settings
from ops.aws import Cloud
from ops.errors import OpsError
from ops.facts import State

PRIORITY = 49_000


@pytest.fixture
def settings(stack) -> Settings:
    return stack.config().settings()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Clients, ARNs and a function that gives the weighted rule its weights."""
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(key, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        elbv2, ec2, fleets = (boto3.client(one, region_name="us-east-1") for one in ("elbv2", "ec2", "autoscaling"))
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        zones = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"us-east-1{z}")["Subnet"]
            for n, z in enumerate("ab")
        ]
        subnets = [zone["SubnetId"] for zone in zones]
        balancer = elbv2.create_load_balancer(Name="shop", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
        nothing = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
        listener = elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[nothing])[
            "Listeners"
        ][0]["ListenerArn"]
        image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        ec2.create_launch_template(LaunchTemplateName="shop", LaunchTemplateData={"ImageId": image})
        groups = {
            v: elbv2.create_target_group(Name=f"shop-{v}", Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]
            for v in ("v1", "v2")
        }
        arns = {v: group["TargetGroupArn"] for v, group in groups.items()}
        for version, arn in arns.items():
            fleets.create_auto_scaling_group(
                AutoScalingGroupName=version,
                MinSize=2,
                MaxSize=2,
                LaunchTemplate={"LaunchTemplateName": "shop"},
                VPCZoneIdentifier=",".join(subnets),
                TargetGroupARNs=[arn],
            )

        def split(**weights: int) -> None:
            held = [{"TargetGroupArn": arns[v], "Weight": weight} for v, weight in weights.items()]
            elbv2.create_rule(
                ListenerArn=listener,
                Priority=PRIORITY,
                Conditions=[{"Field": "path-pattern", "Values": ["/*"]}],
                Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": held}}],
                Tags=[{"Key": "sluice:service", "Value": "shop"}],
            )

        yield SimpleNamespace(elbv2=elbv2, fleets=fleets, arns=arns, listener=listener, image=image, split=split)


@pytest.fixture
def state(world: Any) -> State:
    slices = {v: {"artifact": world.image, "group": arn, "fleet": v} for v, arn in world.arns.items()}
    there = {"service": "shop", "listener": world.listener, "priority": float(PRIORITY), "slices": slices}
    return State({"sluice": there}, {})


def test_live_is_what_the_weighted_rule_holds(world, settings, state):
    world.split(v1=250, v2=750)
    live = Cloud(settings, state).live()
    assert live is not None
    assert live.shares == {"v1": 250, "v2": 750}


def test_without_a_weighted_rule_nothing_is_live(world, settings, state):
    assert Cloud(settings, state).live() is None


def test_a_slice_is_as_healthy_as_its_targets(world, settings, state):
    health = Cloud(settings, state).health("v1")
    assert health is not None
    assert (health.healthy, health.wanted) == (2, 2)


def test_a_slice_without_its_fleet_is_gone(world, settings, state):
    world.fleets.delete_auto_scaling_group(AutoScalingGroupName="v1", ForceDelete=True)
    assert Cloud(settings, state).health("v1") is None


def test_a_slice_without_its_target_group_is_gone(world, settings, state):
    world.elbv2.delete_target_group(TargetGroupArn=world.arns["v1"])
    assert Cloud(settings, state).health("v1") is None


def test_a_version_nobody_built_is_gone(world, settings, state):
    assert Cloud(settings, state).health("v9") is None


def test_images_that_exist_are_told_from_those_that_do_not(world, settings, state):
    cloud = Cloud(settings, state)
    assert cloud.images({world.image, "ami-0000000000000dead"}) == {world.image}
    assert cloud.images(set()) == set()


def test_a_rule_that_is_another_services_is_an_error(world, settings, state):
    world.split(v1=999)
    rule = world.elbv2.describe_rules(ListenerArn=world.listener)["Rules"][0]["RuleArn"]
    world.elbv2.add_tags(ResourceArns=[rule], Tags=[{"Key": "sluice:service", "Value": "else"}])
    with pytest.raises(OpsError, match="is not shop's"):
        Cloud(settings, state).live()


def test_before_the_first_release_it_says_so(settings):
    with pytest.raises(OpsError, match="nothing is released yet"):
        Cloud(settings, State({}, {}))


def test_a_cloud_that_does_not_answer_is_an_error(settings, state, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(OpsError, match=r"http://127\.0\.0\.1:1 does not answer who we are"):
        Cloud(settings, state)
