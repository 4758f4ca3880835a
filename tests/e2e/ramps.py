"""Two slices whose traffic ramps to and fro, on a stage of its own: what the tests of interruptions and crashes cut."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rehearsal.stage import UP, Stage
from tests.e2e.conftest import at_work, client, declare, live, marks, of_home, ok, recorded, sample, weighted_rule
from tests.patience import eventually

ENGINE = ("pulumi up", "language_program", "pulumi-resource", "pulumi-language")
RAMP = {  # by health alone, and each release anew in steps
    "ready": "30s",
    "steps": [5, 25, 50],
    "bake": "1s",
    "deadline": "2m",
    "gates": {},
    "rollback": "ramp",
}
State = tuple[dict[str, int], dict[str, float], list[str], list[str]]


@dataclass
class Ramps:
    """`at` has all the traffic, `releases` are declared: version → AMI."""

    stage: Stage
    url: str = ""
    at: str = "v1"
    releases: dict[str, str] = field(default_factory=dict)
    _made: int = 2
    _arn: str = ""
    _versions: dict[str, str] = field(default_factory=dict)  # by target group

    def build(self) -> None:
        """Release v1, with v2 beside it."""
        self.releases = {"v1": self.image("v1"), "v2": self.image("v2")}
        self.declare("v1")
        ok(self.stage.up())
        self.url = ok(self.stage.run("pulumi", "stack", "output", "url")).strip()

    def image(self, version: str, **environment: str) -> str:
        """An image of the sample service."""
        return sample(self.stage, f"app-{version}", **environment)

    def declare(self, version: str, **rollout: Any) -> None:
        """All traffic to *version*, by RAMP with what differs from it."""
        self.stage.configure(rollout={**RAMP, **rollout})
        declare(self.stage, self.releases, {version: 100})

    @property
    def standby(self) -> str:
        """The other slice; a fresh one where there is none."""
        return next((version for version in self.releases if version != self.at), None) or self.fresh()

    def fresh(self) -> str:
        """A version that was never built, in place of the standby."""
        self._made += 1
        version = f"v{self._made}"
        self.releases = {self.at: self.releases[self.at], version: self.image(version)}
        return version

    @property
    def rule(self) -> str:
        """The weighted rule's ARN."""
        if not self._arn:
            rule = weighted_rule(self.stage)
            assert rule is not None
            self._arn = rule["RuleArn"]
        return self._arn

    def weights(self) -> dict[str, int]:
        """Live weights by version, by one call where nothing is new."""
        action = client(self.stage, "elbv2").describe_rules(RuleArns=[self.rule])["Rules"][0]["Actions"][0]
        groups = {one["TargetGroupArn"]: one["Weight"] for one in action["ForwardConfig"]["TargetGroups"]}
        return {self._version(arn): weight for arn, weight in groups.items()}

    def _version(self, arn: str) -> str:
        if arn not in self._versions:
            described = client(self.stage, "elbv2").describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]
            self._versions[arn] = next(tag["Value"] for tag in described if tag["Key"] == "sluice:version")
        return self._versions[arn]

    @contextmanager
    def ramping(self, share: int, *command: str) -> Iterator["subprocess.Popen[str]"]:
        """`pulumi up`, or *command*, as soon as *share* (tenths of a percent) has moved; 0: as soon as it waits."""
        begin = self.weights()
        if share == 0:
            self.stage.faults(delay={"DescribeTargetHealth": 2.0})  # it waits for long enough to be seen
        with self.stage.running(*(command or UP)) as process:
            if share == 0:
                eventually(lambda: marks(self.stage) or process.poll() is not None, "a mark beside the weights")
                assert self.weights() == begin
            else:
                left = 1000 - share
                eventually(
                    lambda: self.weights().get(self.at, 0) == left or process.poll() is not None,
                    f"{share} tenths of a percent have moved",
                )
            assert process.poll() is None, process.communicate()[0]
            self.stage.faults()
            yield process

    def pids(self, *names: str) -> list[int]:
        """The engine's processes at work on this stage: CLI, hosts, program, providers; only those with a name."""
        return list(at_work(self.stage.home, *(names or ENGINE)))

    def await_end(self) -> None:
        """Wait until no process of the engine is left."""
        eventually(lambda: not of_home(self.stage.home, *ENGINE), "no process of the engine is left")

    @property
    def is_locked(self) -> bool:
        """Whether the engine's lock is held, or was left."""
        return is_locked(self.stage)

    @property
    def state(self) -> State:
        """Live weights, recorded shares, the mark's keys, what is protected from scale-in."""
        return live(self.stage), recorded(self.stage), marks(self.stage), self.protected()

    def protected(self) -> list[str]:
        """Instances, and fleets whose new ones will be."""
        groups = client(self.stage, "autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        fleets = [one["AutoScalingGroupName"] for one in groups if one["NewInstancesProtectedFromScaleIn"]]
        held = [one for group in groups for one in group["Instances"] if one["ProtectedFromScaleIn"]]
        return [*fleets, *(one["InstanceId"] for one in held)]

    def tag(self, **fields: str) -> None:
        """Write fields of a mark beside the weights, as `ops stop` and walks do."""
        tags = [{"Key": f"sluice:{key}", "Value": value} for key, value in fields.items()]
        client(self.stage, "elbv2").add_tags(ResourceArns=[self.rule], Tags=tags)


def is_locked(stage: Stage) -> bool:
    """Whether the engine's lock of *stage* is held, or was left."""
    return any((stage.home / "backend" / ".pulumi" / "locks").rglob("*.json"))


def kill(pids: list[int]) -> None:
    """SIGKILL to all of them at once; one may have ended by itself."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def alone(version: str) -> State:
    """`Ramps.state` when *version* has all the traffic and nothing is under way."""
    return {version: 999}, {version: 100}, [], []
