"""A whole rehearsal cloud, driven over its AWS API and its listener as a program and its users do."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from rehearsal.cloud import state
from rehearsal.cloud.images import SAMPLE
from rehearsal.load import Load, dropped
from tests.patience import PATIENCE, eventually
from tests.rehearsal.cloud.running import ROOT, User, get, rehearsal

pytestmark = pytest.mark.slow


def test_the_url_is_the_first_load_balancers_address(shop):
    assert urlsplit(shop.user.state.url).netloc == shop.address


def test_the_weighted_rule_decides_who_answers(shop):
    assert get(shop.address) == (200, "v1")
    shop.weigh({"v2": 999})
    eventually(lambda: get(shop.address) == (200, "v2"), "v2 answers")
    shop.weigh({"v1": 500, "v2": 500})
    eventually(lambda: {get(shop.address)[1] for _ in range(30)} == {"v1", "v2"}, "both answer")
    shop.weigh({"v1": 999})
    eventually(lambda: {get(shop.address) for _ in range(5)} == {(200, "v1")}, "v1 answers")


def test_the_isolation_route_reaches_a_slice_without_a_share(shop):
    assert get(shop.address, X_Slice="v2") == (200, "v2")


def test_an_instance_whose_process_is_killed_is_replaced(shop):
    first = shop.user.healthy(shop.groups["v2"], 2)
    shop.user.process(first[0]).kill()
    eventually(
        lambda: set(shop.user.instances("v2")) - set(first) and first[0] not in shop.user.instances("v2"),
        "another instance",
    )
    assert first[1] in shop.user.healthy(shop.groups["v2"], 2)


def test_capacity_follows_what_is_desired(shop):
    shop.user.autoscaling.set_desired_capacity(AutoScalingGroupName="v2", DesiredCapacity=3)
    shop.user.healthy(shop.groups["v2"], 3)
    shop.user.autoscaling.set_desired_capacity(AutoScalingGroupName="v2", DesiredCapacity=2)
    eventually(
        lambda: sorted(shop.user.targets(shop.groups["v2"]).values()) == ["draining", "healthy", "healthy"],
        "one drains",
    )
    eventually(lambda: list(shop.user.instances("v2").values()) == ["InService"] * 2, "two instances")
    eventually(lambda: list(shop.user.targets(shop.groups["v2"]).values()) == ["healthy"] * 2, "no target drains")


def test_a_fleet_that_goes_finishes_its_requests_first(user, shop):
    group = user.group("v3", drain=10)
    rule = user.isolate(shop.listener, "v3", group, 3)
    user.fleet("v3", group, size=1)
    (instance,) = user.healthy(group, 1)
    process = user.process(instance)
    answers = []
    slow = threading.Thread(target=lambda: answers.append(get(shop.address, "/slow?ms=2500", X_Slice="v3")))
    slow.start()
    eventually(
        lambda: any(one.status == "ESTABLISHED" for one in process.net_connections()), "the request is under way"
    )
    user.autoscaling.update_auto_scaling_group(AutoScalingGroupName="v3", MinSize=0, DesiredCapacity=0)
    eventually(lambda: user.targets(group) == {instance: "draining"}, "it drains")
    assert user.instances("v3") == {instance: "Terminating"}
    with pytest.raises(ClientError, match="ScalingActivityInProgress"):
        user.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="v3")
    slow.join()
    assert answers == [(200, "v3")]
    eventually(lambda: not process.is_running(), "its process ends")
    eventually(lambda: user.instances("v3") == {}, "the fleet is empty")
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
        eventually(lambda: list(shop.user.instances("v1").values()) == ["InService"] * 2, "two instances")
        shop.weigh({"v2": 999})
        eventually(lambda: {one.version for one in load.answers[-40:]} == {"v2"}, "v2 alone answers")
        shop.weigh({"v1": 999})
        eventually(lambda: {one.version for one in load.answers[-40:]} == {"v1"}, "v1 alone answers")
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
    eventually(lambda: requests() >= before + 20, "twenty more requests")


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
    (instance,) = eventually(lambda: [n for n, s in user.targets(group).items() if s == "unhealthy"], "it is unhealthy")
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
    eventually(lambda: not any(child.is_alive() for child in recorded.children), "its children end")
    down = rehearsal(tmp_path, "down")
    assert (down.returncode, down.stdout) == (0, "the rehearsal cloud is down\n")
    assert not (tmp_path / "backend").exists()
    assert state.read(tmp_path) is None


def test_status_says_what_went_wrong(home, user):
    image = rehearsal(home, "image", "none", "--", "no-such-program").stdout.strip()
    user.fleet("none", user.group("none"), size=1, image=image)
    eventually(lambda: "no program no-such-program" in (user.recorded().error or ""), "it is recorded")
    shown = rehearsal(home, "status").stdout
    user.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="none", ForceDelete=True)
    assert "last error" in shown
    eventually(lambda: user.recorded().error is None, "it is over")


def test_an_interrupted_up_leaves_nothing(tmp_path):
    environment = {**os.environ, "SLUICE_REHEARSAL": str(tmp_path)}
    command = [sys.executable, "-m", "rehearsal", "up"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as up:
        eventually(lambda: state.holder(tmp_path), "the daemon starts")
        up.send_signal(signal.SIGINT)
        assert up.wait(PATIENCE) == 130
    assert state.holder(tmp_path) is None
    assert state.read(tmp_path) is None


def test_two_ups_at_once_make_one_cloud(tmp_path):
    with ThreadPoolExecutor() as pool:
        codes = [done.returncode for done in pool.map(lambda _: rehearsal(tmp_path, "up"), range(2))]
    assert sorted(codes) == [0, 1]
    assert state.running(tmp_path) is not None
    assert rehearsal(tmp_path, "down").returncode == 0
