"""Adopting what already runs: their load balancer, listener, target group and machines serve before the first `up`."""

import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from rehearsal.load import Load, dropped
from rehearsal.stage import Stage
from rollout.metrics.cloudwatch import requests
from tests.e2e.conftest import client, ok, recorded, sample
from tests.patience import PATIENCE, eventually

HOST = "127.0.0.1"  # what the requests of a rehearsal name; ports are no part of it
ROLLOUT = {"ready": "60s", "steps": [10, 50], "bake": "2s", "deadline": "60s", "gates": {}}


@dataclass(frozen=True)
class Existing:
    """What was there: a load balancer whose listener forwards to `group` by its default action."""

    stage: Stage
    network: dict[str, Any]
    balancer: str
    listener: str
    group: str
    url: str

    @property
    def elbv2(self) -> Any:
        return client(self.stage, "elbv2")

    def looks(self) -> dict[str, Any]:
        """Everything about the target group and its machines that anyone could have changed."""
        asked = {"TargetGroupArn": self.group}
        attributes = self.elbv2.describe_target_group_attributes(**asked)["Attributes"]
        targets = self.elbv2.describe_target_health(**asked)["TargetHealthDescriptions"]
        return {
            "group": self.elbv2.describe_target_groups(TargetGroupArns=[self.group])["TargetGroups"],
            "attributes": sorted((one["Key"], one["Value"]) for one in attributes),
            "tags": self.elbv2.describe_tags(ResourceArns=[self.group])["TagDescriptions"][0]["Tags"],
            "targets": sorted(one["Target"]["Id"] for one in targets),
            "fleet": _fleet(self.stage),
        }

    def live(self) -> dict[str, int]:
        """The weights of the service's rule by target group: `old`, or the name that it was made with."""
        rules = self.elbv2.describe_rules(ListenerArn=self.listener)["Rules"]
        held = [
            group
            for rule in rules
            if any(one["Field"] == "path-pattern" for one in rule["Conditions"])
            for group in rule["Actions"][0]["ForwardConfig"]["TargetGroups"]
        ]
        return {one["TargetGroupArn"].split("/")[1].rpartition("-")[0]: one["Weight"] for one in held}


def _fleet(stage: Stage) -> tuple[int, int, int, list[str]]:
    (group,) = client(stage, "autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=["theirs"])[
        "AutoScalingGroups"
    ]
    instances = sorted(one["InstanceId"] for one in group["Instances"])
    return group["MinSize"], group["DesiredCapacity"], group["MaxSize"], instances


def build(stage: Stage) -> Existing:
    ec2, elbv2 = client(stage, "ec2"), client(stage, "elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.99.{number}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"][
            "SubnetId"
        ]
        for number, zone in enumerate("ab")
    ]
    (balancer,) = elbv2.create_load_balancer(Name="theirs", Subnets=subnets, Scheme="internal")["LoadBalancers"]
    check = {"HealthCheckPath": "/healthz", "HealthCheckIntervalSeconds": 5, "HealthyThresholdCount": 2}
    (group,) = elbv2.create_target_group(Name="old-group", Protocol="HTTP", Port=8080, VpcId=vpc, **check)[
        "TargetGroups"
    ]
    (listener,) = elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}],
    )["Listeners"]
    image = sample(stage, "theirs", SLUICE_VERSION="old")
    ec2.create_launch_template(LaunchTemplateName="theirs", LaunchTemplateData={"ImageId": image})
    client(stage, "autoscaling").create_auto_scaling_group(
        AutoScalingGroupName="theirs",
        MinSize=2,
        MaxSize=2,
        LaunchTemplate={"LaunchTemplateName": "theirs", "Version": "1"},
        VPCZoneIdentifier=",".join(subnets),
        TargetGroupARNs=[group["TargetGroupArn"]],
    )
    return Existing(
        stage,
        {"vpc": vpc, "subnets": subnets},
        balancer["LoadBalancerArn"],
        listener["ListenerArn"],
        group["TargetGroupArn"],
        f"http://{balancer['DNSName']}/",
    )


def answers(url: str) -> str | None:
    """The version that answers at *url*; None while nobody does."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return answer.headers["X-Version"]
    except OSError:
        return None


@pytest.fixture(scope="module")
def existing(stage: Stage) -> Existing:
    existing = build(stage)
    eventually(lambda: answers(existing.url) == "old", "the old service answers")
    stage.configure(
        network=existing.network,
        listener={"arn": existing.listener, "host": HOST},
        rollout=ROLLOUT,
    )
    return existing


@pytest.fixture
def load(existing: Existing) -> Iterator[Load]:
    """Clients all the while, none of whose requests is dropped."""
    load = Load(existing.url, connections=8, rate=200)
    load.start()
    yield load
    assert dropped(load.stop()) == []


def declare(existing: Existing, traffic: dict[str, float], **own: str) -> None:
    """`old`, and the releases *own* (version → AMI), with *traffic*."""
    old = {"external": {"target_group": existing.group}}
    releases = {"old": old, **{version: {"ami": ami} for version, ami in own.items()}}
    existing.stage.configure(releases=releases, traffic=traffic)


def test_where_their_rule_would_keep_all_the_requests_it_is_named_before_anything_is_made(stage, existing):
    theirs = {"Field": "host-header", "HostHeaderConfig": {"Values": [HOST]}}
    (rule,) = existing.elbv2.create_rule(
        ListenerArn=existing.listener,
        Priority=10,
        Conditions=[theirs],
        Actions=[{"Type": "forward", "TargetGroupArn": existing.group}],
    )["Rules"]
    declare(existing, {"old": 100})
    done = stage.run("pulumi", "preview", "--non-interactive", "--color", "never")
    assert done.code != 0
    assert f"every request for {HOST} is taken by rule 10 of this listener ({rule['RuleArn']})" in done.text
    assert "Traceback" not in done.text
    existing.elbv2.delete_rule(RuleArn=rule["RuleArn"])


def test_a_first_up_that_would_cut_their_clients_over_at_once_says_so(stage, existing):
    declare(existing, {"v1": 100}, v1=sample(stage, "app-v1"))
    done = stage.run("pulumi", "preview", "--non-interactive", "--color", "never")
    assert f"requests for {HOST} are answered by {existing.group} until now" in done.text


def test_the_first_up_changes_nothing_for_clients(stage, existing, load):
    before = existing.looks()
    declare(existing, {"old": 100})
    begun = time.time()
    text = ok(stage.up())
    assert "until now" not in text
    assert (existing.live(), recorded(stage)) == ({"old": 999}, {"old": 100})
    eventually(lambda: len(load.answers) > 400, "requests")
    assert {(one.status, one.version) for one in load.answers} == {(200, "old")}
    assert existing.looks() == before
    counted = requests(client(stage, "cloudwatch"), existing.balancer, existing.group, begun, time.time() + 60)
    assert counted > 200


def test_a_second_up_has_nothing_to_do(stage, existing):
    ok(stage.up("--expect-no-changes"))


def test_a_release_that_never_gets_healthy_leaves_the_old_service_alone(stage, existing, load):
    before = existing.looks()
    stage.configure(rollout={**ROLLOUT, "ready": "6s"})
    declare(existing, {"sick": 100}, sick=sample(stage, "app-sick", FAIL_HEALTH="1"))
    done = stage.up()
    assert done.code != 0
    assert "sick: 0 of 2 healthy" in done.text  # as many as the old service has
    assert (existing.live(), recorded(stage)) == ({"old": 999}, {"old": 100})
    assert existing.looks() == before
    stage.configure(rollout=ROLLOUT)


def test_the_next_release_ramps_from_the_old_target_group(stage, existing, load):
    before = existing.looks()
    declare(existing, {"v1": 100}, v1=sample(stage, "app-v1"))
    text = ok(stage.up())
    assert "moved: old 90 · v1 10" in text
    assert "moved: old 50 · v1 50" in text
    assert (existing.live(), recorded(stage)) == ({"shop-v1": 999}, {"v1": 100})
    shares = [one.version for one in load.answers]
    assert 0 < shares.count("v1") < len(shares)
    assert existing.looks() == before


def test_going_back_to_it_is_a_rollback_like_any_other(stage, existing, load):
    before = existing.looks()
    ok(stage.run("python", "-m", "ops", "rollback"))
    assert (existing.live(), recorded(stage)) == ({"old": 999}, {"old": 100})
    eventually(lambda: load.answers[-1].version == "old", "the old service answers")
    assert existing.looks() == before


def test_it_can_be_gone_back_to_also_when_no_rule_of_theirs_names_it_any_more(stage, existing, load):
    declare(existing, {"v1": 100}, v1=sample(stage, "app-v1"))
    ok(stage.up())
    nothing = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    existing.elbv2.modify_listener(ListenerArn=existing.listener, DefaultActions=[nothing])
    declare(existing, {"old": 100}, v1=sample(stage, "app-v1"))
    ok(stage.up())
    assert existing.live() == {"old": 999}


def test_letting_go_of_it_deletes_nothing_of_theirs(stage, existing, load):
    declare(existing, {"v1": 100}, v1=sample(stage, "app-v1"))
    ok(stage.up())
    before = existing.looks()
    stage.configure(releases={"v1": {"ami": sample(stage, "app-v1")}})
    ok(stage.up())
    after = existing.looks()
    assert after["group"][0].pop("LoadBalancerArns") == []  # no rule names it now, theirs or ours
    before["group"][0].pop("LoadBalancerArns")
    assert after == before
