"""What really runs, asked of moto: listeners with a weighted rule, three slices, one AMI."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto import mock_aws

from components.release import Release
from components.settings import Settings
from ops.cloud import Cloud
from ops.errors import OpsError
from ops.facts import State

PRIORITY = 49_000


@dataclass
class World:
    """One service's slices on moto: version → target group; `image` is an AMI that exists."""

    elbv2: Any
    fleets: Any
    balancer: str
    groups: dict[str, str]
    image: str
    ports: int = 8000

    def listener(self, service: str = "shop", **weights: int) -> State:
        """What is recorded of a listener of its own, whose weighted rule is *service*'s; no weights: no rule."""
        self.ports += 1
        nothing = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
        made = self.elbv2.create_listener(
            LoadBalancerArn=self.balancer, Protocol="HTTP", Port=self.ports, DefaultActions=[nothing]
        )
        arn = made["Listeners"][0]["ListenerArn"]
        held = [{"TargetGroupArn": self.groups[v], "Weight": weight} for v, weight in weights.items()]
        if held:
            self.elbv2.create_rule(
                ListenerArn=arn,
                Priority=PRIORITY,
                Conditions=[{"Field": "path-pattern", "Values": ["/*"]}],
                Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": held}}],
                Tags=[{"Key": "sluice:service", "Value": service}],
            )
        slices = {v: {"artifact": self.image, "group": group, "fleet": v} for v, group in self.groups.items()}
        there = {"service": "shop", "listener": arn, "priority": float(PRIORITY), "slices": slices}
        return State({"sluice": there}, {})


@pytest.fixture
def settings(stack) -> Settings:
    return stack.config().settings()


@pytest.fixture(scope="module", autouse=True)
def credentials() -> Iterator[None]:
    """Credentials that are none, and no endpoint of the caller's."""
    with pytest.MonkeyPatch.context() as patch:
        for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(key, "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        yield


@pytest.fixture(scope="module")
def world(credentials: None) -> Iterator[World]:
    with mock_aws():
        elbv2, ec2, fleets = (boto3.client(one, region_name="us-east-1") for one in ("elbv2", "ec2", "autoscaling"))
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        places = {"us-east-1a": "10.0.0.0/24", "us-east-1b": "10.0.1.0/24"}
        made = [ec2.create_subnet(VpcId=vpc, CidrBlock=c, AvailabilityZone=z)["Subnet"] for z, c in places.items()]
        subnets = [subnet["SubnetId"] for subnet in made]
        balancer = elbv2.create_load_balancer(Name="shop", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
        image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        ec2.create_launch_template(LaunchTemplateName="shop", LaunchTemplateData={"ImageId": image})
        world = World(elbv2, fleets, balancer, {}, image)
        for version in ("v1", "v2", "v3"):
            group = elbv2.create_target_group(Name=f"shop-{version}", Protocol="HTTP", Port=80, VpcId=vpc)
            world.groups[version] = group["TargetGroups"][0]["TargetGroupArn"]
            fleets.create_auto_scaling_group(
                AutoScalingGroupName=version,
                MinSize=2,
                MaxSize=2,
                LaunchTemplate={"LaunchTemplateName": "shop"},
                VPCZoneIdentifier=",".join(subnets),
                TargetGroupARNs=[world.groups[version]],
            )
        yield world


def test_live_is_what_the_weighted_rule_holds(world, settings):
    live = Cloud(settings, world.listener(v1=250, v2=750)).live()
    assert live is not None
    assert live.shares == {"v1": 250, "v2": 750}


def test_without_a_weighted_rule_nothing_is_live(world, settings):
    assert Cloud(settings, world.listener()).live() is None


def test_a_rule_that_is_another_services_is_an_error(world, settings):
    with pytest.raises(OpsError, match="is not shop's"):
        Cloud(settings, world.listener("else", v1=999)).live()


def test_a_slice_is_as_healthy_as_its_targets(world, settings):
    health = Cloud(settings, world.listener()).health("v1")
    assert health is not None
    assert (health.healthy, health.wanted) == (2, 2)


def test_a_slice_without_its_fleet_is_gone(world, settings):
    cloud = Cloud(settings, world.listener())
    assert cloud.health("v2") is not None
    world.fleets.delete_auto_scaling_group(AutoScalingGroupName="v2", ForceDelete=True)
    assert cloud.health("v2") is None


def test_a_slice_without_its_target_group_is_gone(world, settings):
    cloud = Cloud(settings, world.listener())
    assert cloud.health("v3") is not None
    world.elbv2.delete_target_group(TargetGroupArn=world.groups["v3"])
    assert cloud.health("v3") is None


def test_a_version_nobody_built_is_gone(world, settings):
    assert Cloud(settings, world.listener()).health("v9") is None


def test_a_release_whose_ami_is_no_more_is_told_from_the_others(world, settings):
    releases = [Release(version="v1", ami=world.image), Release(version="v2", ami="ami-0000000000000dead")]
    external = Release(version="v3", target_group=world.groups["v3"])
    cloud = Cloud(settings, world.listener())
    assert cloud.lost([*releases, external]) == {"v2": "AMI ami-0000000000000dead"}
    assert cloud.lost([external]) == {}


def test_before_the_first_release_it_says_so(settings):
    with pytest.raises(OpsError, match="nothing is released yet"):
        Cloud(settings, State({}, {}))


def test_a_cloud_that_does_not_answer_is_an_error(world, settings, monkeypatch):
    state = world.listener()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(OpsError, match=r"http://127\.0\.0\.1:1 does not answer who we are"):
        Cloud(settings, state)
