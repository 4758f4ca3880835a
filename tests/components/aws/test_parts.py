"""What a slice is made of on AWS, asked of moto: each part that is deleted beside the program is named."""

import pytest

from components.aws.parts import fleet_of, missing
from tests.world import Shop


@pytest.fixture
def lacks(shop: Shop):
    """What the slice of v1, built whole, lacks now."""
    shop.build("v1", size=2)
    return lambda: lacking(shop, shop.groups["v1"], shop.fleets["v1"])


def lacking(shop: Shop, group: str, fleet: str | None) -> list[str]:
    return missing(shop.aws("elbv2"), shop.aws("autoscaling"), shop.aws("ec2"), group, fleet)


def test_a_whole_slice_lacks_nothing(lacks):
    assert lacks() == []


def test_its_target_group(lacks, shop):
    name = shop.groups["v1"].split("/")[-2]
    shop.aws("elbv2").delete_target_group(TargetGroupArn=shop.groups["v1"])
    assert lacks() == [f"target group {name}"]


def test_its_fleet(lacks, shop):
    shop.aws("autoscaling").delete_auto_scaling_group(AutoScalingGroupName=shop.fleets["v1"], ForceDelete=True)
    assert lacks() == [f"fleet {shop.fleets['v1']}"]


def test_its_launch_template(lacks, shop):
    described = shop.aws("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[shop.fleets["v1"]])
    template = described["AutoScalingGroups"][0]["LaunchTemplate"]["LaunchTemplateId"]
    shop.aws("ec2").delete_launch_template(LaunchTemplateId=template)
    (part,) = lacks()
    assert part.startswith(f"launch template {template} (version ")


@pytest.mark.parametrize(("wanted", "parts"), [(2, 0), (4, 1), (0, 1)])
def test_its_capacity_when_it_lacks_instances_and_may_start_none(lacks, shop, monkeypatch, wanted, parts):
    autoscaling, fleet = shop.aws("autoscaling"), shop.fleets["v1"]
    autoscaling.suspend_processes(AutoScalingGroupName=fleet, ScalingProcesses=["Launch"])
    autoscaling.update_auto_scaling_group(AutoScalingGroupName=fleet, MinSize=0, MaxSize=4)
    described = autoscaling.describe_auto_scaling_groups

    def with_wanted(**query):
        answer = described(**query)
        answer["AutoScalingGroups"][0]["DesiredCapacity"] = wanted
        if wanted == 0:
            answer["AutoScalingGroups"][0]["Instances"] = []
        return answer

    monkeypatch.setattr(autoscaling, "describe_auto_scaling_groups", with_wanted)
    assert lacks() == [f"capacity: fleet {fleet} may start no instance (its process Launch is suspended)"] * parts


def test_an_external_one_is_its_target_group(shop):
    shop.groups["old"] = shop.group("old")
    assert lacking(shop, shop.groups["old"], None) == []
    assert lacking(shop, shop.groups["old"].replace("targetgroup/", "targetgroup/not"), None) == [
        f"target group {shop.groups['old'].split('/')[-2]}".replace("group ", "group not")
    ]


def test_a_fleet_that_is_being_deleted_is_none(shop, monkeypatch):
    shop.build("v1")
    autoscaling = shop.aws("autoscaling")
    going = {"AutoScalingGroups": [{"Status": "Delete in progress"}]}
    monkeypatch.setattr(autoscaling, "describe_auto_scaling_groups", lambda **_: going)
    assert fleet_of(autoscaling, "any") is None
