"""Lookups: what is found, what is not, and arguments nobody knows."""

import grpc
import pytest

from tests.rehearsal.aws_provider.world import IMAGE, World
from tests.rehearsal.provider.engine import Engine, refusal

AMI = "aws:ec2/getAmi:getAmi"
VPC = "aws:ec2/getVpc:getVpc"


def test_zones_are_sorted_by_name_and_can_be_left_out(engine: Engine) -> None:
    found = engine.invoke("aws:index/getAvailabilityZones:getAvailabilityZones", excludeNames=["us-east-1b"])
    assert found["names"][:2] == ["us-east-1a", "us-east-1c"]
    assert len(found["zoneIds"]) == len(found["names"])
    assert (found["id"], found["region"]) == ("us-east-1", "us-east-1")


def test_a_vpc_is_found_by_its_tags(engine: Engine, world: World) -> None:
    vpc = world("vpc")
    found = engine.invoke(VPC, tags={"Name": "a"}, filters=[{"name": "vpc-id", "values": [vpc.id]}])
    assert {key: found[key] for key in ("id", "arn", "cidrBlock", "mainRouteTableId", "enableDnsHostnames")} == {
        "id": vpc.id,
        **{key: vpc.state[key] for key in ("arn", "cidrBlock", "mainRouteTableId", "enableDnsHostnames")},
    }


def test_subnets_may_be_none(engine: Engine, world: World) -> None:
    subnet = world("subnet a")
    wanted = [{"name": "vpc-id", "values": [world("vpc").id]}]
    assert engine.invoke("aws:ec2/getSubnets:getSubnets", filters=wanted)["ids"] == [subnet.id]
    assert engine.invoke("aws:ec2/getSubnets:getSubnets", tags={"no": "such"})["ids"] == []


def test_a_load_balancer_and_its_listener_show_what_the_resources_show(engine: Engine, world: World) -> None:
    listener, balancer = world("listener"), world("load balancer")
    by_name = engine.invoke("aws:lb/getLoadBalancer:getLoadBalancer", name=balancer.state["name"])
    assert {key: by_name[key] for key in ("arn", "dnsName", "arnSuffix")} == {
        key: balancer.state[key] for key in ("arn", "dnsName", "arnSuffix")
    }
    by_port = engine.invoke("aws:lb/getListener:getListener", loadBalancerArn=balancer.id, port=80)
    assert by_port["arn"] == listener.id
    assert (
        engine.invoke("aws:lb/getListener:getListener", arn=listener.id)["defaultActions"] == by_port["defaultActions"]
    )


def test_an_image_is_found_by_its_id(engine: Engine) -> None:
    found = engine.invoke(AMI, owners=["amazon"], filters=[{"name": "image-id", "values": [IMAGE]}])
    assert (found["imageId"], found["rootDeviceName"]) == (IMAGE, "/dev/sda1")


@pytest.mark.parametrize(
    ("token", "arguments", "reason"),
    [
        (AMI, {"mostRecent": True}, "mostRecent needs owners"),
        (AMI, {"owners": ["self"], "nameRegex": "no-such"}, "Your query returned no results"),
        (AMI, {"owners": ["amazon"]}, "images match"),
        (AMI, {"owner": "amazon"}, "unknown argument owner"),
        (VPC, {"tags": {"no": "such"}}, "no matching EC2 VPCs found"),
        ("aws:lb/getListener:getListener", {}, "needs arn, or loadBalancerArn and port"),
        ("aws:lb/getLoadBalancer:getLoadBalancer", {"name": "no-such"}, "no matching load balancers found"),
        ("aws:rds/getInstance:getInstance", {}, "not served by this stand-in"),
    ],
)
def test_a_lookup_that_finds_not_exactly_one_says_so(engine: Engine, token: str, arguments: dict, reason: str) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        engine.invoke(token, **arguments)
    assert refusal(caught).startswith(f"invoke {token}: ")
    assert reason in refusal(caught)
