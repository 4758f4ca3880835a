"""What was there before the program, on moto."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from moto.server import ThreadedMotoServer

from tests.conftest import Clients


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


@pytest.fixture
def theirs(aws: Clients) -> Theirs:
    ec2, elbv2 = aws("ec2"), aws("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    zones = {"us-east-1a": "10.99.0.0/24", "us-east-1b": "10.99.1.0/24"}
    made = [ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=zone) for zone, block in zones.items()]
    subnets = [one["Subnet"]["SubnetId"] for one in made]
    name = f"theirs-{vpc[-8:]}"
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


@pytest.fixture
def served() -> Iterator[str]:
    """The address of a moto that listens on loopback."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()
