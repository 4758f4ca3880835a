"""A cloud without a balancer in this process: moto behind the layer, asked by boto3."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from rehearsal.cloud import images
from rehearsal.cloud.backends import SETTINGS, backends
from rehearsal.cloud.cloud import Cloud
from rehearsal.cloud.instances import Instances
from rehearsal.cloud.ports import Ports
from rehearsal.cloud.server import Server
from rehearsal.cloud.tallies import Count, Time
from tests.rehearsal.cloud.running import Shop, User, rehearsal

MAIN = 21_000  # the main listener's port; nothing listens there


@dataclass
class Account:
    """The cloud's API, with a network to build in."""

    cloud: Cloud
    endpoint: str

    def __post_init__(self) -> None:
        self.ec2, self.elbv2, self.autoscaling = (self.client(name) for name in ("ec2", "elbv2", "autoscaling"))
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [self._subnet(number, zone) for number, zone in enumerate("ab")]

    def client(self, service: str, key: str = "any", retries: int | None = None) -> Any:
        """A boto3 client; *retries*: how often it asks again, else as often as by default."""
        keys = {"aws_access_key_id": key, "aws_secret_access_key": "any"}
        often = {} if retries is None else {"config": Config(retries={"total_max_attempts": retries + 1})}
        return boto3.client(service, endpoint_url=self.endpoint, region_name="us-east-1", **keys, **often)

    def _subnet(self, number: int, zone: str) -> str:
        cidr, zone = f"10.0.{number}.0/24", f"us-east-1{zone}"
        return self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"]["SubnetId"]

    def balancer(self, name: str, **more: Any) -> dict[str, Any]:
        """A load balancer as CreateLoadBalancer answers it."""
        made = self.elbv2.create_load_balancer(**{"Name": name, "Subnets": self.subnets, **more})
        return made["LoadBalancers"][0]

    def listener(self, balancer: str, port: int = 80, **action: Any) -> str:
        """A listener with a default action, which answers 503 when none is given; its ARN."""
        fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
        actions = [action or fixed]
        made = self.elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=port, DefaultActions=actions)
        return made["Listeners"][0]["ListenerArn"]

    def group(self, name: str, **more: Any) -> str:
        """A target group; its ARN."""
        made = self.elbv2.create_target_group(Name=name, Protocol="HTTP", Port=8080, VpcId=self.vpc, **more)
        return made["TargetGroups"][0]["TargetGroupArn"]

    def rule(self, listener: str, priority: int, weights: dict[str, int], path: str = "/*") -> str:
        """A rule that forwards by weights; its ARN."""
        conditions = [{"Field": "path-pattern", "Values": [path]}]
        made = self.elbv2.create_rule(
            ListenerArn=listener, Priority=priority, Conditions=conditions, Actions=[forward(weights)]
        )
        return made["Rules"][0]["RuleArn"]

    def fleet(self, name: str, size: int, image: str = images.SAMPLE, **more: Any) -> None:
        """An Auto Scaling group with a launch template of its own."""
        data = {"ImageId": image, **more.pop("template", {})}
        self.ec2.create_launch_template(LaunchTemplateName=f"slice-{name}", LaunchTemplateData=data)
        wanted = {
            "AutoScalingGroupName": name,
            "MinSize": 0,
            "MaxSize": 5,
            "DesiredCapacity": size,
            "LaunchTemplate": {"LaunchTemplateName": f"slice-{name}", "Version": "1"},
            "VPCZoneIdentifier": ",".join(self.subnets),
        }
        self.autoscaling.create_auto_scaling_group(**{**wanted, **more})

    def health(self, group: str) -> dict[str, str]:
        """State, or the reason where there is one, by target."""
        found = self.elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return {one["Target"]["Id"]: one["TargetHealth"].get("Reason", one["TargetHealth"]["State"]) for one in found}

    def instances(self, fleet: str) -> dict[str, str]:
        """Lifecycle state by instance."""
        groups = self.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[fleet])["AutoScalingGroups"]
        return {one["InstanceId"]: one["LifecycleState"] for group in groups for one in group["Instances"]}


def forward(weights: dict[str, int]) -> dict[str, Any]:
    """A forward action."""
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights.items()]
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}


class FakeBalancer:
    """Has counted what is `held`."""

    def __init__(self) -> None:
        self.held: list[Count] = []

    def counts(self) -> list[Count]:
        return list(self.held)

    def times(self) -> list[Time]:
        return []


@pytest.fixture
def counting() -> Any:
    return FakeBalancer()


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    for name in ("MOTO_EC2_LOAD_DEFAULT_AMIS", "MOTO_IAM_LOAD_MANAGED_POLICIES"):
        monkeypatch.setenv(name, SETTINGS[name])
    held = backends()
    for backend in (held.ec2, held.elbv2, held.autoscaling, held.cloudwatch):
        backend.reset()
    images.register_sample(tmp_path)
    instances = Instances(tmp_path, held, {"PATH": "/usr/bin:/bin", "SLUICE_REHEARSAL": str(tmp_path)})
    cloud = Cloud(tmp_path, held, instances, Ports(MAIN))
    server = Server(cloud)
    server.start()
    yield Account(cloud, server.url)
    server.stop()
    instances.stop_all()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home of a cloud that runs, one a module."""
    folder = tmp_path_factory.mktemp("cloud")
    up = rehearsal(folder, "up")
    assert up.returncode == 0, up.stderr
    yield folder
    down = rehearsal(folder, "down")
    assert (down.returncode, down.stdout) == (0, "the rehearsal cloud is down\n")


@pytest.fixture(scope="module")
def user(home: Path) -> User:
    return User(home)


@pytest.fixture(scope="module")
def shop(user: User) -> Shop:
    """A load balancer with v1 and v2, one behind the other's weight."""
    balancer, listener = user.balancer("shop")
    groups = {version: user.group(version) for version in ("v1", "v2")}
    for priority, (version, group) in enumerate(groups.items(), 1):
        user.isolate(listener, version, group, priority)
        user.fleet(version, group)
    everything = [{"Field": "path-pattern", "Values": ["/*"]}]
    rule = user.rule(listener, everything, 50000, {groups["v1"]: 999})
    for group in groups.values():
        user.healthy(group, 2)
    dns = user.elbv2.describe_load_balancers(LoadBalancerArns=[balancer])["LoadBalancers"][0]["DNSName"]
    return Shop(user, balancer, listener, groups, rule, dns)
