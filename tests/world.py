"""AWS as moto plays it, in this process: what was there before, and one service's slices behind a listener."""

import logging
import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.base_backend import BackendDict
from moto.server import ThreadedMotoServer

Clients = Callable[[str], Any]
PRIORITY = 49_281


@contextmanager
def moto() -> Iterator[Clients]:
    """A fresh AWS: a maker of boto3 clients by service. Of the caller's own AWS settings nothing is seen."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            patch.setenv(name, os.devnull)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        with mock_aws():
            yield cache(lambda service: boto3.client(service, region_name="us-east-1"))


@contextmanager
def served_moto() -> Iterator[str]:
    """The address of a fresh AWS that listens on loopback: nothing is left of tests that ran in this process before."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    BackendDict.reset()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def unique(name: str) -> str:
    return f"{name[:20]}-{uuid.uuid4().hex[:7]}"


def register(aws: Clients) -> str:
    """A machine image of this account's; its id. Its root device is /dev/sda1, whatever one asks moto for."""
    return aws("ec2").register_image(Name=unique("image"))["ImageId"]


@dataclass(frozen=True)
class Theirs:
    """Someone else's VPC, two subnets of it, a load balancer in them with its security group, and its listener."""

    vpc: str
    subnets: list[str]
    balancer: str
    dns_name: str
    guard: str
    listener: str

    @property
    def network(self) -> dict[str, object]:
        return {"vpc": self.vpc, "subnets": self.subnets}

    @staticmethod
    def build(aws: Clients) -> "Theirs":
        ec2, elbv2 = aws("ec2"), aws("elbv2")
        vpc = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
        zones = {"us-east-1a": "10.99.0.0/24", "us-east-1b": "10.99.1.0/24"}
        made = [ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=zone) for zone, block in zones.items()]
        subnets = [one["Subnet"]["SubnetId"] for one in made]
        name = unique("theirs")
        guard = ec2.create_security_group(GroupName=name, Description="theirs", VpcId=vpc)["GroupId"]
        (balancer,) = elbv2.create_load_balancer(Name=name, Subnets=subnets, SecurityGroups=[guard], Scheme="internal")[
            "LoadBalancers"
        ]
        (listener,) = elbv2.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Protocol="HTTP",
            Port=8000,
            DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
        )["Listeners"]
        return Theirs(vpc, subnets, balancer["LoadBalancerArn"], balancer["DNSName"], guard, listener["ListenerArn"])


@dataclass(frozen=True)
class Shop:
    """The service `shop` on someone's listener: slices as the program builds them, and the weighted rule over them."""

    aws: Clients
    theirs: Theirs
    groups: dict[str, str] = field(default_factory=dict)
    fleets: dict[str, str | None] = field(default_factory=dict)

    def build(self, *versions: str, size: int = 1) -> None:
        """A target group and a fleet for each of *versions*."""
        for version in versions:
            self.groups[version] = self.group(version)
            self.fleets[version] = self.fleet(self.groups[version], size)

    def group(self, version: str) -> str:
        (group,) = self.aws("elbv2").create_target_group(
            Name=unique(f"shop-{version}"),
            Protocol="HTTP",
            Port=8080,
            VpcId=self.theirs.vpc,
            Tags=[{"Key": "sluice:version", "Value": version}],
        )["TargetGroups"]
        return group["TargetGroupArn"]

    def fleet(self, group: str, size: int) -> str:
        name = unique("fleet")
        image = register(self.aws)
        self.aws("ec2").create_launch_template(LaunchTemplateName=name, LaunchTemplateData={"ImageId": image})
        self.aws("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName=name,
            MinSize=size,
            MaxSize=size,
            LaunchTemplate={"LaunchTemplateName": name},
            VPCZoneIdentifier=",".join(self.theirs.subnets),
            TargetGroupARNs=[group],
        )
        return name

    def rule(
        self, weights: Mapping[str, int], priority: int = PRIORITY, service: str = "shop", **condition: Any
    ) -> str:
        """A rule that forwards by *weights* of versions; its ARN."""
        groups = [{"TargetGroupArn": self.groups[version], "Weight": weight} for version, weight in weights.items()]
        (rule,) = self.aws("elbv2").create_rule(
            ListenerArn=self.theirs.listener,
            Priority=priority,
            Conditions=[condition or {"Field": "path-pattern", "Values": ["/*"]}],
            Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}],
            Tags=[{"Key": "sluice:service", "Value": service}],
        )["Rules"]
        return rule["RuleArn"]

    def weights(self, rule: str) -> dict[str, int]:
        """What *rule* holds now, by version."""
        (found,) = self.aws("elbv2").describe_rules(RuleArns=[rule])["Rules"]
        versions = {group: version for version, group in self.groups.items()}
        held = found["Actions"][0]["ForwardConfig"]["TargetGroups"]
        return {versions[one["TargetGroupArn"]]: one["Weight"] for one in held}

    def tags(self, arn: str) -> dict[str, str]:
        (found,) = self.aws("elbv2").describe_tags(ResourceArns=[arn])["TagDescriptions"]
        return {tag["Key"]: tag["Value"] for tag in found["Tags"]}
