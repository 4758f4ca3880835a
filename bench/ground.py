"""What benchmarks on the rehearsal cloud stand on: a stack of their own with two slices, v1 live and v2 warm.

In: a folder below `.sluice/`. Out: the stage, and the calls that its AWS API was asked.
"""

import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from rehearsal import engine
from rehearsal.aws_provider.cloud import AGENT
from rehearsal.cloud import state
from rehearsal.cloud.trace import Seen
from rehearsal.environment import OBSERVER
from rehearsal.stage import Done, Stage

ROOT = Path(__file__).resolve().parents[1]
STACK = "bench"
SAMPLE = ROOT / "rehearsal" / "sample"


class BenchError(Exception):
    """What was to be measured did not happen."""


@contextmanager
def ground(**rollout: Any) -> Iterator[Stage]:
    """A stage while the block runs: v1 has all the traffic, v2 none; *rollout* is the config's, by health alone."""
    if engine.find() is None:
        raise BenchError("no Pulumi engine: run `make setup` first")
    folder = ROOT / ".sluice" / STACK
    shutil.rmtree(folder, ignore_errors=True)
    file = ROOT / f"Pulumi.{STACK}.yaml"
    file.unlink(missing_ok=True)
    stage = Stage(ROOT, folder / "cloud", STACK)
    done(stage.rehearsal("up"))
    try:
        done(stage.run("pulumi", "stack", "init", STACK))
        stage.configure(
            platform="aws",
            service={"name": "bench", "port": 8080, "size": 1, "drain": "3s"},
            listener={"internal": True},
            rollout={"ready": "60s", "gates": {}, "rollback": "ramp", **rollout},
            releases={version: {"ami": stage.image(version, *service())} for version in ("v1", "v2")},
            traffic={"v1": 100},
            journal=str(folder / "journal"),
        )
        done(stage.up())
        yield stage
    finally:
        stage.rehearsal("down")
        file.unlink(missing_ok=True)


def service() -> list[str]:
    """The sample service's command, on Node where there is one."""
    node = shutil.which("node")
    return [node, str(SAMPLE / "server.js")] if node else [sys.executable, str(SAMPLE / "server.py")]


def done(of: Done) -> Done:
    """*of*, which has to have gone through."""
    if of.code:
        raise BenchError(of.text)
    return of


def programs(calls: Sequence[Seen]) -> list[Seen]:
    """Those of *calls* that the program made itself: neither a resource's provider nor an observer."""
    return [one for one in calls if one.key != OBSERVER and AGENT not in one.agent]


def providers(calls: Sequence[Seen]) -> list[Seen]:
    """Those of *calls* that the engine's provider made for a resource."""
    return [one for one in calls if AGENT in one.agent]


class Rule:
    """The weighted rule of a stage, as one boto3 call reads and writes it."""

    def __init__(self, stage: Stage) -> None:
        running = state.running(stage.home)
        if running is None:
            raise BenchError(f"no cloud runs at {stage.home}")
        keys = {"aws_access_key_id": OBSERVER, "aws_secret_access_key": "any"}
        self._elbv2 = boto3.client("elbv2", endpoint_url=running.endpoint, region_name="us-east-1", **keys)
        self._arn = self._found()
        described = self._elbv2.describe_target_groups()["TargetGroups"]
        self._groups = {self._version(one["TargetGroupArn"]): one["TargetGroupArn"] for one in described}

    def weights(self) -> dict[str, int]:
        """Live weights by version."""
        action = self._elbv2.describe_rules(RuleArns=[self._arn])["Rules"][0]["Actions"][0]
        held = {one["TargetGroupArn"]: one["Weight"] for one in action["ForwardConfig"]["TargetGroups"]}
        return {version: held[arn] for version, arn in self._groups.items() if arn in held}

    def write(self, weights: Mapping[str, int]) -> None:
        """One `modify_rule`, read back until it is true."""
        groups = [{"TargetGroupArn": self._groups[version], "Weight": weight} for version, weight in weights.items()]
        action = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
        self._elbv2.modify_rule(RuleArn=self._arn, Actions=[action])
        while self.weights() != weights:
            pass

    def _found(self) -> str:
        balancer = self._elbv2.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
        listener = self._elbv2.describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]["ListenerArn"]
        rules = self._elbv2.describe_rules(ListenerArn=listener)["Rules"]
        return next(
            rule["RuleArn"] for rule in rules if any(one["Field"] == "path-pattern" for one in rule["Conditions"])
        )

    def _version(self, arn: str) -> str:
        tags = self._elbv2.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]
        return next(tag["Value"] for tag in tags if tag["Key"] == "sluice:version")
