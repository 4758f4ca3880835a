"""A whole rehearsal cloud, driven over its AWS API and its listener as a program and its users do."""

import base64
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import psutil
import pytest
from botocore.exceptions import ClientError

from rehearsal.cloud import state
from rehearsal.cloud.images import SAMPLE
from rehearsal.load import Load, dropped

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[3]
FIXED = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503", "ContentType": "text/plain"}}


def rehearsal(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m rehearsal ARGUMENTS` for the cloud at *home*."""
    command = [sys.executable, "-m", "rehearsal", *arguments]
    environment = {**os.environ, "SLUICE_REHEARSAL": str(home)}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90, check=False)


def until(what: str, holds: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Wait until *holds* says something true, and return that."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.05)
    return found


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

        return until(f"{count} healthy targets", all_are)

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
    connection = http.client.HTTPConnection(address, timeout=15)
    try:
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.getheader("X-Version") or ""
    finally:
        connection.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cloud")
    up = rehearsal(folder, "up")
    assert up.returncode == 0, up.stderr
    yield folder
    down = rehearsal(folder, "down")
    assert (down.returncode, down.stdout) == (0, "the rehearsal cloud is down\n")


@pytest.fixture(scope="module")
def user(home):
    return User(home)


@pytest.fixture(scope="module")
def shop(user):
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


def test_the_url_is_the_first_load_balancers_address(shop):
    assert urlsplit(shop.user.state.url).netloc == shop.address


def test_the_weighted_rule_decides_who_answers(shop):
    assert get(shop.address) == (200, "v1")
    shop.weigh({"v2": 999})
    until("v2 answers", lambda: get(shop.address) == (200, "v2"))
    shop.weigh({"v1": 500, "v2": 500})
    until("both answer", lambda: {get(shop.address)[1] for _ in range(30)} == {"v1", "v2"})
    shop.weigh({"v1": 999})
    until("v1 answers", lambda: {get(shop.address) for _ in range(5)} == {(200, "v1")})


def test_the_isolation_route_reaches_a_slice_without_a_share(shop):
    assert get(shop.address, X_Slice="v2") == (200, "v2")


def test_an_instance_whose_process_is_killed_is_replaced(shop):
    first = shop.user.healthy(shop.groups["v2"], 2)
    shop.user.process(first[0]).kill()
    until(
        "another instance",
        lambda: set(shop.user.instances("v2")) - set(first) and first[0] not in shop.user.instances("v2"),
    )
    assert first[1] in shop.user.healthy(shop.groups["v2"], 2)


def test_capacity_follows_what_is_desired(shop):
    shop.user.autoscaling.set_desired_capacity(AutoScalingGroupName="v2", DesiredCapacity=3)
    shop.user.healthy(shop.groups["v2"], 3)
    shop.user.autoscaling.set_desired_capacity(AutoScalingGroupName="v2", DesiredCapacity=2)
    until(
        "one drains",
        lambda: sorted(shop.user.targets(shop.groups["v2"]).values()) == ["draining", "healthy", "healthy"],
    )
    until("two instances", lambda: list(shop.user.instances("v2").values()) == ["InService"] * 2)
    until("no target drains", lambda: list(shop.user.targets(shop.groups["v2"]).values()) == ["healthy"] * 2)


def test_a_fleet_that_goes_finishes_its_requests_first(user, shop):
    group = user.group("v3", drain=10)
    rule = user.isolate(shop.listener, "v3", group, 3)
    user.fleet("v3", group, size=1)
    (instance,) = user.healthy(group, 1)
    process = user.process(instance)
    answers = []
    slow = threading.Thread(target=lambda: answers.append(get(shop.address, "/slow?ms=2500", X_Slice="v3")))
    slow.start()
    until("the request is under way", lambda: any(one.status == "ESTABLISHED" for one in process.net_connections()))
    user.autoscaling.update_auto_scaling_group(AutoScalingGroupName="v3", MinSize=0, DesiredCapacity=0)
    until("it drains", lambda: user.targets(group) == {instance: "draining"})
    assert user.instances("v3") == {instance: "Terminating"}
    with pytest.raises(ClientError, match="ScalingActivityInProgress"):
        user.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="v3")
    slow.join()
    assert answers == [(200, "v3")]
    until("its process ends", lambda: not process.is_running())
    until("the fleet is empty", lambda: user.instances("v3") == {})
    user.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="v3")
    user.elbv2.delete_rule(RuleArn=rule)
    user.elbv2.delete_target_group(TargetGroupArn=group)


def test_no_request_is_lost_when_instances_come_and_go_and_weights_move(shop):
    load = Load(shop.user.state.url, connections=8, rate=200)
    load.start()
    try:
        shop.user.autoscaling.set_desired_capacity(AutoScalingGroupName="v1", DesiredCapacity=3)
        shop.user.healthy(shop.groups["v1"], 3)
        shop.user.autoscaling.set_desired_capacity(AutoScalingGroupName="v1", DesiredCapacity=2)
        until("two instances", lambda: list(shop.user.instances("v1").values()) == ["InService"] * 2)
        shop.weigh({"v2": 999})
        until("v2 alone answers", lambda: {one.version for one in load.answers[-40:]} == {"v2"})
        shop.weigh({"v1": 999})
        until("v1 alone answers", lambda: {one.version for one in load.answers[-40:]} == {"v1"})
    finally:
        answers = load.stop()
    assert len(answers) > 100
    assert dropped(answers) == []


def test_requests_become_points_of_their_target_group(shop):
    query = {
        "Namespace": "AWS/ApplicationELB",
        "MetricName": "RequestCount",
        "Dimensions": [
            {"Name": "TargetGroup", "Value": shop.groups["v1"].rsplit(":", maxsplit=1)[1]},
            {"Name": "LoadBalancer", "Value": shop.balancer.split(":loadbalancer/")[1]},
        ],
        "Period": 60,
        "Statistics": ["Sum"],
    }

    def requests() -> float:
        now = time.time()
        points = shop.user.cloudwatch.get_metric_statistics(StartTime=now - 600, EndTime=now + 60, **query)
        return sum(point["Sum"] for point in points["Datapoints"])

    before = requests()
    for _ in range(20):
        assert get(shop.address)[0] == 200
    until("twenty more requests", lambda: requests() >= before + 20)


def test_a_failing_slice_just_sits_there(user, shop):
    image = rehearsal(
        user.home,
        "image",
        "ill",
        "--",
        "env",
        "FAIL_HEALTH=1",
        *json.loads((user.home / "images" / f"{SAMPLE}.json").read_text())["command"],
    ).stdout.strip()
    group = user.group("ill")
    user.isolate(shop.listener, "ill", group, 4)
    user.fleet("ill", group, size=1, image=image, HealthCheckGracePeriod=1)
    (instance,) = until("it is unhealthy", lambda: [n for n, s in user.targets(group).items() if s == "unhealthy"])
    found = user.elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"][0]["TargetHealth"]
    assert found["Reason"] == "Target.ResponseCodeMismatch"
    assert user.instances("ill") == {instance: "InService"}


def test_a_second_up_is_refused(home, user):
    again = rehearsal(home, "up")
    assert again.returncode == 1
    assert f"running already: {user.state.url}, process {user.state.daemon.pid}" in again.stderr


def test_status_shows_fleets_and_weights(home, shop):
    shown = rehearsal(home, "status")
    assert shown.returncode == 0
    for text in (shop.user.state.endpoint, "2 healthy", "X-Slice: v1", "v1 999"):
        assert text in shown.stdout


def test_after_a_crash_nothing_stays_and_down_cleans_up(tmp_path):
    assert rehearsal(tmp_path, "up").returncode == 0
    user = User(tmp_path)
    _, listener = user.balancer("shop")
    group = user.group("v1")
    user.isolate(listener, "v1", group, 1)
    user.fleet("v1", group)
    user.healthy(group, 2)
    recorded = user.recorded()
    assert (tmp_path / "backend").is_dir()
    assert len(recorded.children) == 3
    os.kill(recorded.daemon.pid, signal.SIGKILL)
    until("its children end", lambda: not any(child.is_alive() for child in recorded.children))
    down = rehearsal(tmp_path, "down")
    assert (down.returncode, down.stdout) == (0, "the rehearsal cloud is down\n")
    assert not (tmp_path / "backend").exists()
    assert state.read(tmp_path) is None


def test_status_says_what_went_wrong(home, user):
    image = rehearsal(home, "image", "none", "--", "no-such-program").stdout.strip()
    user.fleet("none", user.group("none"), size=1, image=image)
    until("it is recorded", lambda: "no program no-such-program" in (user.recorded().error or ""))
    shown = rehearsal(home, "status").stdout
    user.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="none", ForceDelete=True)
    assert "last error" in shown
    until("it is over", lambda: user.recorded().error is None)


def test_an_interrupted_up_leaves_nothing(tmp_path):
    environment = {**os.environ, "SLUICE_REHEARSAL": str(tmp_path)}
    command = [sys.executable, "-m", "rehearsal", "up"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as up:
        until("the daemon starts", lambda: state.holder(tmp_path))
        up.send_signal(signal.SIGINT)
        assert up.wait(30) == 130
    assert state.holder(tmp_path) is None
    assert state.read(tmp_path) is None


def test_two_ups_at_once_make_one_cloud(tmp_path):
    with ThreadPoolExecutor() as pool:
        codes = [done.returncode for done in pool.map(lambda _: rehearsal(tmp_path, "up"), range(2))]
    assert sorted(codes) == [0, 1]
    assert state.running(tmp_path) is not None
    assert rehearsal(tmp_path, "down").returncode == 0
