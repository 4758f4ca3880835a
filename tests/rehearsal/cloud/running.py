"""What a user of a whole, running cloud has at hand: its verbs, its AWS API, a shop with two slices, its listener."""

import base64
import http.client
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import psutil

from rehearsal.cloud import state
from rehearsal.cloud.images import SAMPLE
from tests.patience import PATIENCE, eventually

ROOT = Path(__file__).resolve().parents[3]
FIXED = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503", "ContentType": "text/plain"}}


def rehearsal(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m rehearsal ARGUMENTS` for the cloud at *home*."""
    command = [sys.executable, "-m", "rehearsal", *arguments]
    environment = {**os.environ, "SLUICE_REHEARSAL": str(home)}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90, check=False)


@dataclass
class User:
    """What a user of the cloud at `home` has: its API, and the network and load balancer that a service needs."""

    home: Path

    def __post_init__(self) -> None:
        running = state.running(self.home)
        assert running
        keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
        session = boto3.Session(region_name="us-east-1", **keys)
        self.state = running
        self.ec2, self.elbv2, self.autoscaling, self.cloudwatch = (
            session.client(name, endpoint_url=running.endpoint)
            for name in ("ec2", "elbv2", "autoscaling", "cloudwatch")
        )
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"us-east-1{zone}")[
                "Subnet"
            ]["SubnetId"]
            for n, zone in enumerate("ab")
        ]

    def balancer(self, name: str) -> tuple[str, str]:
        """A load balancer and its listener, which answers 503; their ARNs."""
        made = self.elbv2.create_load_balancer(Name=name, Subnets=self.subnets)["LoadBalancers"][0]
        arn = made["LoadBalancerArn"]
        listener = self.elbv2.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[FIXED])
        return arn, listener["Listeners"][0]["ListenerArn"]

    def group(self, version: str, drain: int = 5) -> str:
        """A target group; its ARN."""
        check = {"HealthCheckPath": "/healthz", "HealthCheckIntervalSeconds": 5, "HealthCheckTimeoutSeconds": 2}
        made = self.elbv2.create_target_group(Name=version, Protocol="HTTP", Port=8080, VpcId=self.vpc, **check)
        arn = made["TargetGroups"][0]["TargetGroupArn"]
        delay = {"Key": "deregistration_delay.timeout_seconds", "Value": str(drain)}
        self.elbv2.modify_target_group_attributes(TargetGroupArn=arn, Attributes=[delay])
        return arn

    def isolate(self, listener: str, version: str, group: str, priority: int) -> str:
        """The rule that sends `X-Slice: version` to *group*; its ARN."""
        header = {"HttpHeaderName": "X-Slice", "Values": [version]}
        return self.rule(listener, [{"Field": "http-header", "HttpHeaderConfig": header}], priority, {group: 1})

    def rule(self, listener: str, conditions: list[Any], priority: int, weights: dict[str, int]) -> str:
        """A rule that forwards by *weights*; its ARN."""
        actions = [forward(weights)]
        made = self.elbv2.create_rule(ListenerArn=listener, Conditions=conditions, Priority=priority, Actions=actions)
        return made["Rules"][0]["RuleArn"]

    def fleet(self, version: str, group: str, size: int = 2, image: str = SAMPLE, **more: Any) -> None:
        """A launch template and an Auto Scaling group of *size* for *version*."""
        env = f'SLUICE_VERSION="{version}"\nQUOTE="a \\"b\\" \\\\ c"\n'
        file = {"path": "/etc/sluice/release.env", "content": env}
        data = base64.b64encode(f"#cloud-config\n{json.dumps({'write_files': [file]})}".encode()).decode()
        template = {"ImageId": image, "InstanceType": "t3.micro", "UserData": data}
        self.ec2.create_launch_template(LaunchTemplateName=f"slice-{version}", LaunchTemplateData=template)
        self.autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=version,
            MinSize=0,
            MaxSize=5,
            DesiredCapacity=size,
            LaunchTemplate={"LaunchTemplateName": f"slice-{version}", "Version": "1"},
            VPCZoneIdentifier=",".join(self.subnets),
            TargetGroupARNs=[group],
            **{"HealthCheckType": "ELB", "HealthCheckGracePeriod": 60, **more},
        )

    def targets(self, group: str) -> dict[str, str]:
        """State by target."""
        found = self.elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return {one["Target"]["Id"]: one["TargetHealth"]["State"] for one in found}

    def healthy(self, group: str, count: int) -> list[str]:
        """Wait until *group* has exactly *count* targets that do not drain, all healthy; their ids."""

        def all_are() -> list[str] | None:
            states = {name: state for name, state in self.targets(group).items() if state != "draining"}
            return list(states) if list(states.values()) == ["healthy"] * count else None

        return eventually(all_are, f"{count} healthy targets")

    def instances(self, fleet: str) -> dict[str, str]:
        """Lifecycle state by instance."""
        groups = self.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[fleet])["AutoScalingGroups"]
        return {one["InstanceId"]: one["LifecycleState"] for group in groups for one in group["Instances"]}

    def process(self, instance: str) -> psutil.Process:
        """The process that runs as *instance*."""
        log = str(self.home / "instances" / f"{instance}.log")
        children = [psutil.Process(child.pid) for child in self.recorded().children]
        return next(one for one in children if log in (file.path for file in one.open_files()) or _writes(one, log))

    def recorded(self) -> state.State:
        """What the cloud says of itself now."""
        found = state.read(self.home)
        assert found
        return found


def _writes(process: psutil.Process, file: str) -> bool:
    return os.path.realpath(f"/proc/{process.pid}/fd/1") == os.path.realpath(file)


def forward(weights: dict[str, int]) -> dict[str, Any]:
    """A forward action."""
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights.items()]
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}


def get(address: str, path: str = "/", **headers: str) -> tuple[int, str]:
    """Status and the version that answered."""
    connection = http.client.HTTPConnection(address, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.getheader("X-Version") or ""
    finally:
        connection.close()


@dataclass
class Shop:
    """Two slices behind one listener; `address`: host and port."""

    user: User
    balancer: str
    listener: str
    groups: dict[str, str]
    rule: str
    address: str

    def weigh(self, weights: dict[str, int]) -> None:
        """Set the weights by version."""
        actions = [forward({self.groups[version]: weight for version, weight in weights.items()})]
        self.user.elbv2.modify_rule(RuleArn=self.rule, Actions=actions)
