"""What the config names is looked up before anything exists, against moto."""

from typing import Any

import pulumi
import pytest
from botocore.exceptions import ClientError

from components import naming
from components.aws import preflight
from components.aws.preflight import Given
from components.aws.session import PATIENCE, Session
from components.settings import parse
from tests.configs import AMI, SALT, dev_config
from tests.world import Clients, Theirs, register

HOST = "shop.example.com"


@pytest.fixture(scope="module")
def session(aws: Clients) -> Session:
    return Session({"region": "us-east-1"})


def check(session: Session, **change: Any) -> Given:
    return preflight.check(parse(dev_config(**change), ("sluice:salt",)), session)


def refusal(session: Session, **change: Any) -> str:
    with pytest.raises(pulumi.RunError) as caught:
        check(session, **change)
    return str(caught.value)


def on_listener(theirs: Theirs, **change: Any) -> dict[str, Any]:
    return {"network": theirs.network, "listener": {"arn": theirs.listener, "host": HOST}, **change}


def test_where_nothing_is_given_two_zones_are_found(session):
    assert check(session) == Given(zones=["us-east-1a", "us-east-1b"], cidr="10.20.0.0/16")


def test_a_given_network_tells_its_range(session, theirs):
    assert check(session, network=theirs.network).cidr == "10.99.0.0/16"


def test_a_vpc_that_is_gone_is_refused(session, theirs):
    network = {"vpc": "vpc-0123456789abcdef0", "subnets": theirs.subnets}
    assert refusal(session, network=network) == (
        "sluice:network.vpc: vpc-0123456789abcdef0 cannot be found in account 123456789012, us-east-1 "
        "(InvalidVpcID.NotFound); write the id of one that is there, or check aws:region"
    )


def test_a_subnet_that_is_gone_is_refused(session, theirs):
    network = {"vpc": theirs.vpc, "subnets": [theirs.subnets[0], "subnet-0123456789abcdef0"]}
    assert refusal(session, network=network).startswith(
        "sluice:network: subnet-0123456789abcdef0 cannot be found in account 123456789012, us-east-1 (InvalidSubnetID"
    )


def test_a_subnet_of_another_vpc_is_refused(session, aws, theirs):
    other = aws("ec2").describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"][0][
        "SubnetId"
    ]
    assert refusal(session, network={"vpc": theirs.vpc, "subnets": [theirs.subnets[0], other]}) == (
        f"sluice:network: {other} is not in {theirs.vpc}; write a subnet of that VPC"
    )


def test_a_load_balancer_needs_subnets_in_different_zones(session, aws, theirs):
    made = aws("ec2").create_subnet(VpcId=theirs.vpc, CidrBlock="10.99.2.0/24", AvailabilityZone="us-east-1a")
    same = [theirs.subnets[0], made["Subnet"]["SubnetId"]]
    said = (
        "a load balancer takes one subnet in each of two or more zones, and these are in us-east-1a, us-east-1a; write "
        "subnets in different zones"
    )
    network = {"vpc": theirs.vpc, "subnets": same}
    assert refusal(session, network=network) == f"sluice:network.subnets: {said}"
    network = {**theirs.network, "public_subnets": same}
    assert check(session, network=network).cidr == "10.99.0.0/16"
    assert refusal(session, network=network, listener={}, salt=SALT) == f"sluice:network.public_subnets: {said}"


def test_a_given_load_balancer_tells_where_requests_come_from(session, theirs):
    given = check(session, network=theirs.network, listener={"balancer": theirs.balancer})
    assert (given.balancer, given.dns_name, given.guards) == (theirs.balancer, theirs.dns_name, [theirs.guard])
    assert (given.cidr, given.zones) == ("10.99.0.0/16", ["us-east-1a", "us-east-1b"])


def test_a_load_balancer_that_is_gone_is_refused(session, aws, theirs):
    aws("elbv2").delete_load_balancer(LoadBalancerArn=theirs.balancer)
    said = refusal(session, network=theirs.network, listener={"balancer": theirs.balancer})
    assert said.startswith(f"sluice:listener.balancer: {theirs.balancer} cannot be found in account 123456789012")


def test_a_load_balancer_in_another_vpc_is_refused(session, theirs):
    assert refusal(session, listener={"balancer": theirs.balancer}) == (
        f"sluice:network.vpc: slices would stand in a VPC made for them, and the load balancer {theirs.balancer} "
        f"stands in {theirs.vpc}; write vpc: {theirs.vpc}, and subnets of it"
    )


def test_on_a_public_load_balancer_a_salt_is_needed(session, aws, theirs):
    made = aws("elbv2").create_load_balancer(Name="public", Subnets=theirs.subnets, Scheme="internet-facing")
    arn = made["LoadBalancers"][0]["LoadBalancerArn"]
    change = {"network": theirs.network, "listener": {"balancer": arn}}
    assert refusal(session, **change).startswith(f"sluice:salt is missing: {arn} is public, and without it anyone")
    assert check(session, **change, salt=SALT).balancer == arn


def test_a_given_listener_tells_its_protocol_and_port(session, theirs):
    given = check(session, **on_listener(theirs))
    assert (given.scheme, given.port, given.balancer) == ("http", 8000, theirs.balancer)


def test_a_listener_that_is_gone_is_refused(session, aws, theirs):
    aws("elbv2").delete_listener(ListenerArn=theirs.listener)
    said = refusal(session, **on_listener(theirs))
    assert said.startswith(f"sluice:listener.arn: {theirs.listener} cannot be found in account 123456789012, us-east-1")


def test_more_than_a_machine_can_be_told_is_refused_before_anything_exists(session):
    said = refusal(session, releases={"v1": {"ami": AMI, "env": {"A": "x" * 17_000}}})
    assert said.startswith("sluice:releases.v1.env: the instance's user data would be 17")


def test_an_endpoint_that_stops_answering_is_named(aws, served, monkeypatch):
    monkeypatch.setattr("components.aws.session.PATIENT", PATIENCE)
    session = Session({"region": "us-east-1", "endpoints": [{"sts": served}]})
    session.endpoint = "http://127.0.0.1:1"
    assert refusal(session).startswith("sluice:network: us-east-1 could not be looked up: Could not connect to")


def test_what_aws_does_not_answer_is_not_taken_for_missing(session, theirs, monkeypatch):
    def throttled(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "Throttling", "Message": "slow down"}}, "DescribeVpcs")

    monkeypatch.setattr(session.client("ec2", patient=True), "describe_vpcs", throttled)
    said = refusal(session, network=theirs.network)
    assert said.startswith(f"sluice:network.vpc: {theirs.vpc} could not be looked up: An error occurred (Throttling)")


def test_tags_that_may_not_be_read_end_it_in_a_persons_words(session, aws, theirs, monkeypatch):
    def denied(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DescribeTags")

    monkeypatch.setattr(session.client("elbv2", patient=True), "describe_tags", denied)
    aws("elbv2").create_rule(
        ListenerArn=theirs.listener,
        Priority=naming.weighted_priority("shop"),
        Conditions=[{"Field": "path-pattern", "Values": ["/*"]}],
        Actions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )
    said = refusal(session, **on_listener(theirs))
    assert said.startswith("AWS could not be asked what stands there: An error occurred (AccessDenied)")


def test_an_image_of_the_account_can_be_released(aws):
    assert preflight.artifact_fault(aws("ec2"), {"ami": register(aws), "root": "/dev/sda1"}) is None


def test_an_image_that_does_not_exist_is_a_fault(aws):
    assert preflight.artifact_fault(aws("ec2"), {"ami": "ami-0123456789abcdef0", "root": "/dev/xvda"}) == (
        "ami: ami-0123456789abcdef0 does not exist in us-east-1, or is not this account's to use; write the id of one "
        "that is, or check aws:region"
    )


def test_an_image_with_another_root_device_is_a_fault(aws):
    image = register(aws)
    assert preflight.artifact_fault(aws("ec2"), {"ami": image, "root": "/dev/xvda"}) == (
        f"root: /dev/xvda is not the root device of {image}, so its disk would not be encrypted; write root: /dev/sda1"
    )


def test_an_external_release_has_no_artifact_to_look_for(aws):
    assert preflight.artifact_fault(aws("ec2"), {"external": {"target_group": "arn"}}) is None


def test_points_shorter_than_a_load_balancers_are_refused_on_aws(session):
    said = refusal(session, metrics={"cloudwatch": {"period": "5s"}})
    assert said == (
        "sluice:metrics.cloudwatch.period: 5: the load balancer's points are minutes, and a shorter period would take "
        "each of them for a moment; write period: 60s, or a multiple"
    )
