"""The stand-in for pulumi-aws under the real engine: one resource of each type, made, drifted, changed, destroyed."""

import contextlib
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import psutil
import pytest

from rehearsal.aws_provider.services.registry import TYPES
from rehearsal.environment import environment
from tests.e2e.program import Program, copied
from tests.patience import eventually
from tests.world import served_moto

KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}


@dataclass(frozen=True)
class Stack(Program):
    """The program of one of each, its stack, and the local AWS."""

    endpoint: str

    def client(self, service: str) -> Any:
        return boto3.client(service, endpoint_url=self.endpoint, **KEYS)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with served_moto() as endpoint:
        home = tmp_path_factory.mktemp("cloud")
        (home / "backend").mkdir()
        (home / "state.json").write_text(json.dumps({"endpoint": endpoint}))
        folder = copied("one_of_each", tmp_path_factory.mktemp("stack"))
        one = Stack(folder, environment(home), endpoint)
        statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        policy = one.client("iam").create_policy(PolicyName="read", PolicyDocument=document)["Policy"]["Arn"]
        one.environment["POLICY_ARN"] = policy
        one.ok("stack", "init", "test")
        yield one


def test_one_of_each_is_made(stack: Stack) -> None:
    stack.ok("preview")
    stack.ok("up", "--yes")
    assert {one["type"] for one in stack.state()} >= set(TYPES)


def test_what_was_made_previews_and_refreshes_empty(stack: Stack) -> None:
    stack.ok("preview", "--expect-no-changes")
    stack.ok("refresh", "--yes")  # a target group only now knows the load balancer of the rule that came after it
    stack.ok("refresh", "--yes", "--expect-no-changes")
    stack.ok("preview", "--refresh", "--expect-no-changes")
    stack.ok("up", "--yes", "--refresh", "--expect-no-changes")


def test_lookups_answer_what_there_is(stack: Stack) -> None:
    outputs = json.loads(stack.ok("stack", "output", "--json"))
    subnets = sorted(one["id"] for one in stack.state() if one["type"] == "aws:ec2/subnet:Subnet")
    assert (outputs["account"], outputs["port"], outputs["cidr"]) == ("123456789012", 80, "10.0.0.0/16")
    assert outputs["subnets"] == subnets


def test_a_secret_condition_is_a_secret_in_the_state(stack: Stack) -> None:
    assert "v1-b3a1" not in stack.ok("stack", "export")
    assert "v1-b3a1" in stack.ok("stack", "export", "--show-secrets")


def test_weights_moved_by_another_hand_are_drift_and_are_put_back_by_one_call(stack: Stack) -> None:
    elbv2, arn = stack.client("elbv2"), _rule(stack)
    groups = [one["TargetGroupArn"] for one in _weights(stack)]
    moved = [{"TargetGroupArn": group, "Weight": weight} for group, weight in zip(groups, (700, 300), strict=True)]
    elbv2.modify_rule(RuleArn=arn, Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": moved}}])
    assert re.search(r"weight *: 700 => 999", stack.ok("preview", "--refresh", "--diff"))
    stack.ok("up", "--yes", "--refresh")
    assert [one["Weight"] for one in _weights(stack)] == [999, 0]


def test_ignored_tags_are_neither_a_difference_nor_taken_away(stack: Stack) -> None:
    elbv2, arn = stack.client("elbv2"), _rule(stack)
    elbv2.add_tags(ResourceArns=[arn], Tags=[{"Key": "mark:run", "Value": "r1"}])
    stack.ok("preview", "--refresh", "--expect-no-changes")
    stack.ok("up", "--yes", "--refresh", ROUND="2")
    tags = elbv2.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]
    assert {one["Key"]: one["Value"] for one in tags} == {"service": "app", "mark:run": "r1"}
    assert [one["Weight"] for one in _weights(stack)] == [500, 500]


def test_a_changed_template_reached_the_fleet_in_place(stack: Stack) -> None:
    (fleet,) = stack.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    assert fleet["LaunchTemplate"]["Version"] == "2"
    stack.ok("preview", "--refresh", "--expect-no-changes", ROUND="2")


def test_what_is_gone_is_made_again(stack: Stack) -> None:
    stack.client("elbv2").delete_rule(RuleArn=_rule(stack))
    assert "1 created" in stack.ok("up", "--yes", "--refresh", ROUND="2")
    assert [one["Weight"] for one in _weights(stack)] == [500, 500]


def test_a_bad_input_is_refused_in_preview_by_path(stack: Stack) -> None:
    done = stack.pulumi("preview", ROUND="3")
    assert done.returncode != 0
    assert re.search(r"'traffic': property actions\[0\].forward.targetGroups\[0\].weight .* 1000 must be", done.stdout)


def test_a_provider_whose_engine_was_killed_ends_itself(stack: Stack) -> None:
    command = ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive"]
    waiting = {**stack.environment, "ROUND": "4"}
    with subprocess.Popen(command, cwd=stack.folder, env=waiting, stdout=subprocess.DEVNULL) as up:
        eventually(lambda: len(_fleets(stack)) == 2, "the second fleet is there")
        assert _providers(stack)
        up.kill()
    eventually(lambda: not _providers(stack), "its providers are gone")
    stack.ok("cancel", "--yes")
    (left,) = [one for one in _fleets(stack) if one.startswith("app-v2")]  # made, and never recorded
    stack.client("autoscaling").delete_auto_scaling_group(AutoScalingGroupName=left, ForceDelete=True)


def test_all_of_it_is_destroyed(stack: Stack) -> None:
    stack.ok("refresh", "--yes", "--clear-pending-creates")
    stack.ok("destroy", "--yes")
    assert stack.state() == []
    assert stack.client("elbv2").describe_load_balancers()["LoadBalancers"] == []
    vpcs = stack.client("ec2").describe_vpcs()["Vpcs"]
    assert [one["CidrBlock"] for one in vpcs if not one["IsDefault"]] == []


def _rule(stack: Stack) -> str:
    return json.loads(stack.ok("stack", "output", "--json"))["rule"]


def _fleets(stack: Stack) -> list[str]:
    groups = stack.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    return [one["AutoScalingGroupName"] for one in groups]


def _weights(stack: Stack) -> list[dict[str, Any]]:
    (rule,) = stack.client("elbv2").describe_rules(RuleArns=[_rule(stack)])["Rules"]
    return rule["Actions"][0]["ForwardConfig"]["TargetGroups"]


def _providers(stack: Stack) -> list[int]:
    """The provider processes of this stack's engine."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess, psutil.AccessDenied):
            ours = process.environ().get("SLUICE_REHEARSAL") == stack.environment["SLUICE_REHEARSAL"]
            if ours and "pulumi-resource-aws" in " ".join(process.cmdline()):
                found.append(process.pid)
    return found
