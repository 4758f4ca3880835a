"""Three slices on one stage, v1 live, v2 and v3 warm: what the tests of rollouts stand on and return to.

v2 and v3 misbehave as a test tells them to, from one moment to the next: each reads its faults from a file.
"""

import json
import re
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rehearsal.files import replace as write
from rehearsal.load import Answer, Load, dropped, dropped_by, own
from rehearsal.stage import UP, Done, Stage
from tests.e2e.conftest import (
    ONE_MOVE,
    React,
    client,
    declare,
    heard,
    live,
    marks,
    newest,
    ok,
    recorded,
    sample,
    weighted_rule,
)

RATE = 250.0  # requests a second
RAMP = {  # short bakes, and the proof at a large share: at this rate a good release takes half a minute
    "ready": "30s",
    "steps": [5, 25, 50],
    "bake": "3s",
    "deadline": "10m",  # the plan goes by the traffic of ten minutes, in which there may have been little
    "prove_by": 50,
    "gates": {"errors": {"allow": 2}},
    "rollback": "ramp",  # each test ramps, whatever the others released
}
EASY = {"errors": {"allow": 10}}  # gates that are proven within seconds
BY_HEALTH = {"gates": {}, "bake": "1s"}
# A command gate, which ends with the code it is told to.
SMOKE = """
import os, sys, urllib.request
name, _, value = os.environ["SLUICE_HEADER"].partition(": ")
with urllib.request.urlopen(urllib.request.Request(os.environ["SLUICE_URL"], headers={name: value})) as answer:
    print("smoke of", os.environ["SLUICE_VERSION"], "met", answer.headers["X-Version"])
sys.exit(int(sys.argv[1]))
"""
LOOK = 0.2  # seconds between two looks at the live weights
SLACK = 1.0  # seconds by which a client's clock and a walk's may differ on when a share was given


@dataclass
class Scene:
    """`releases`: version → AMI of every slice that is declared; `folder` holds the files of faults."""

    stage: Stage
    folder: Path
    releases: dict[str, str] = field(default_factory=dict)
    url: str = ""

    def build(self) -> None:
        """Release v1, with v2 and v3 beside it."""
        self.folder.mkdir()
        self.stage.configure(metrics={"cloudwatch": {"period": "1s", "late": "2s"}})
        for version in ("v1", "v2", "v3"):
            self.add(version)
        self.declare({"v1": 100})
        ok(self.stage.up())
        self.url = ok(self.stage.run("pulumi", "stack", "output", "url")).strip()

    def add(self, version: str, **environment: str) -> None:
        """One slice more from the next `up` on, whose instances read the file of `faulty`."""
        self.releases[version] = sample(
            self.stage, f"app-{version}", FAULTS=str(self.folder / f"{version}.json"), **environment
        )

    def faulty(self, version: str, **faults: float) -> None:
        """From now on *version* misbehaves so; without faults it is well."""
        write(self.folder / f"{version}.json", json.dumps(faults))

    def declare(self, traffic: Mapping[str, float], **rollout: Any) -> None:
        """Write *traffic* into the stack file, and RAMP with what differs from it."""
        self.stage.configure(rollout={**RAMP, **rollout})
        declare(self.stage, self.releases, traffic)

    def up(self, react: React | None = None, *before: str) -> Done:
        """`pulumi up`. As soon as it says a text of *react*, that is done; each has to come, and counts once.

        *before* goes in front of the command, such as `env SLUICE_TAKE_OVER=yes`.
        """
        return heard(self.stage, react or {}, *before, *UP)

    def preview(self) -> Done:
        return self.stage.run("pulumi", "preview", "--non-interactive", "--color", "never")

    @property
    def state(self) -> tuple[dict[str, int], dict[str, float], list[str]]:
        """Live weights, recorded shares, the mark's keys."""
        return live(self.stage), recorded(self.stage), marks(self.stage)

    def settle(self, version: str) -> None:
        """Nothing misbehaves, *version* has all the traffic; declared are v1, v2, v3, and what had some of it."""
        self.stage.faults()
        for one in self.releases:
            self.faulty(one)
        keep = {"v1", "v2", "v3", *live(self.stage)}
        self.releases = {one: ami for one, ami in self.releases.items() if one in keep}
        if self.state != alone(version):
            self.declare({version: 100}, **ONE_MOVE)
            ok(self.up(None, "env", "SLUICE_TAKE_OVER=yes"))
            assert self.state == alone(version)
        self._shrink()

    def _shrink(self) -> None:
        """One instance of each slice: what took over from several has as many, and the next newcomer would, too."""
        autoscaling = client(self.stage, "autoscaling")
        for group in autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]:
            if group["DesiredCapacity"] > 1:
                autoscaling.set_desired_capacity(AutoScalingGroupName=group["AutoScalingGroupName"], DesiredCapacity=1)

    def ends(self) -> tuple[str, str]:
        """Which of v1 and v2 has all the traffic, and the other one; nothing misbehaves."""
        here = "v2" if live(self.stage) == {"v2": 999} else "v1"
        self.settle(here)
        return here, "v1" if here == "v2" else "v2"

    def entry(self) -> dict[str, Any]:
        """The journal's newest entry."""
        return newest(self.stage)

    def set_weights(self, weights: Mapping[str, int]) -> None:
        """As a colleague does in AWS's console."""
        elbv2 = client(self.stage, "elbv2")
        rule, groups = weighted_rule(self.stage), self.groups()
        assert rule is not None
        chosen = [{"TargetGroupArn": groups[version], "Weight": weight} for version, weight in weights.items()]
        action = {"Type": "forward", "ForwardConfig": {"TargetGroups": chosen}}
        elbv2.modify_rule(RuleArn=rule["RuleArn"], Actions=[action])

    def groups(self) -> dict[str, str]:
        """Target group by version."""
        elbv2 = client(self.stage, "elbv2")
        arns = [group["TargetGroupArn"] for group in elbv2.describe_target_groups()["TargetGroups"]]
        described = elbv2.describe_tags(ResourceArns=arns)["TagDescriptions"]
        return {tag["Value"]: one["ResourceArn"] for one in described for tag in one["Tags"] if _is_version(tag)}

    @contextmanager
    def watching(self) -> Iterator[list[dict[str, int]]]:
        """The live weights, each set that is seen once, while the block runs."""
        elbv2, rule = client(self.stage, "elbv2"), weighted_rule(self.stage)
        versions = {arn: version for version, arn in self.groups().items()}
        seen: list[dict[str, int]] = []
        over = threading.Event()
        assert rule is not None

        def look() -> None:
            while not over.wait(LOOK):
                action = elbv2.describe_rules(RuleArns=[rule["RuleArn"]])["Rules"][0]["Actions"][0]
                groups = action["ForwardConfig"]["TargetGroups"]
                now = {versions[group["TargetGroupArn"]]: group["Weight"] for group in groups}
                if not seen or seen[-1] != now:
                    seen.append(now)

        looking = threading.Thread(target=look, daemon=True)
        looking.start()
        try:
            yield seen
        finally:
            time.sleep(2 * LOOK)  # the last set of the block is seen
            over.set()
            looking.join()


def alone(version: str) -> tuple[dict[str, int], dict[str, float], list[str]]:
    """`Scene.state` when *version* has all the traffic and nobody walks."""
    return {version: 999}, {version: 100}, []


def walk(here: str, there: str) -> list[dict[str, int]]:
    """The live weights of a whole ramp, from before it on."""
    ramp = [{here: 1000 - 10 * done, there: 10 * done} for done in (5, 25, 50)]
    return [{here: 999}, *ramp, {there: 999}]


def moved(**shares: float) -> str:
    """What a walk says when these shares are live."""
    return f"moved: {' · '.join(f'{version} {share}' for version, share in sorted(shares.items()))}"


def served_at_most(answers: Iterable[Answer], entry: Mapping[str, Any], version: str) -> float:
    """How many of *answers* the walk of *entry* can have sent to *version*: what its shares make, and five sigma."""
    steps = [(step["at"], step["shares"].get(version, 0) / 1000) for step in entry["steps"]]
    ends = [at for at, _ in steps[1:]] + [entry["ended"]]
    spans = [(at - SLACK, end + SLACK, share) for (at, share), end in zip(steps, ends, strict=True)]
    expected = sum(max([share for at, end, share in spans if at <= one.at < end], default=0.0) for one in answers)
    return expected + 5 * expected**0.5


def assert_refused(done: Done, message: str) -> None:
    """A command ended non-zero and says why."""
    assert done.code != 0, done.text
    assert re.search(message, done.text), done.text
    assert "Traceback" not in done.text


def assert_restored(scene: Scene, done: Done, message: str, verdict: str = "restore") -> None:
    """The `up` ended non-zero and says why; the former traffic is live and recorded, and no mark is left."""
    assert_refused(done, message)
    assert scene.state == alone("v1")
    assert scene.entry()["verdict"] == verdict


def assert_only_its_share_failed(scene: Scene, load: Load) -> None:
    """v1 and v2 answered without a fault; what the balancer answered for v2 is no more than v2's share."""
    answers = load.stop()
    assert set(dropped_by(answers)) <= {""}
    assert {answer.status for answer in dropped(answers)} <= {502, 503, 504}
    assert len(dropped(answers)) <= served_at_most(answers, scene.entry(), "v2")
    assert len(own(answers, "v1")) > RATE


def _is_version(tag: Mapping[str, str]) -> bool:
    return tag["Key"] == "sluice:version"
