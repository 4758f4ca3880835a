"""What went wrong elsewhere, played here: the incidents of docs/reliability.md that no other file of tests plays.

Numbers in comments and names are those of that page, which names the tests of all twenty.
"""

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest

from rehearsal.cloud import trace
from rehearsal.cloud.faults import AWS_LIMITS
from rehearsal.cloud.trace import Seen
from rehearsal.environment import OBSERVER
from rehearsal.load import Answer, Load, dropped, own
from rehearsal.stage import UP
from tests.e2e.conftest import ONE_MOVE, client, live, ok, recorded, versions, weighted_rule
from tests.e2e.ramps import Ramps, kill
from tests.e2e.scene import BY_HEALTH, Scene, alone, assert_refused, moved
from tests.patience import PATIENCE, eventually

DRAIN = 3.0  # seconds, of the scene's slices
SCARCE = {"elasticloadbalancing:*": (3.0, 3.0)}  # calls a second, burst
SHRINKS = ("UpdateAutoScalingGroup", "DeleteAutoScalingGroup", "TerminateInstanceInAutoScalingGroup")
SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"


@dataclass(frozen=True)
class Life:
    """A slice v8 that was released beside three others, lost its share, and was deleted.

    `answers` by kind of client; `calls` of its release, which took `seconds`; `sticky`: what had stickiness then. Unix
    seconds: it had all of the traffic, had none, the wait for the end of its requests began, its fleet was shrunk.
    """

    answers: dict[str, list[Answer]]
    calls: list[Seen]
    seconds: float
    sticky: list[str]
    alone: float
    over: float
    waited: float
    shrunk: float


@contextmanager
def clients(url: str) -> Iterator[dict[str, Load]]:
    """Three kinds of them while the block runs. None tries again; all keep their connections."""
    loads = {
        "steady": Load(url, connections=8, rate=100),
        "long": Load(f"{url}/slow?ms=2000", connections=12, rate=4),
        "idle": Load(url, connections=3, rate=0.6),  # each connection waits 5 s between two requests
    }
    with ExitStack() as stack:
        for load in loads.values():
            load.start()
            stack.callback(load.stop)
        yield loads


@pytest.fixture(scope="module")
def life(scene: Scene) -> Life:
    """The release within AWS's own limits. Afterwards AWS throttles, and the balancer follows weights late."""
    scene.settle("v1")
    scene.add("v8")
    times: dict[str, float] = {}
    with clients(scene.url) as loads:
        switch_stickiness_on(scene)
        scene.stage.faults(throttle=AWS_LIMITS)
        trace.begin(scene.stage.home)
        scene.declare({"v8": 100}, **BY_HEALTH)
        done = scene.up({moved(v8=100): lambda: times.update(alone=time.time())})
        ok(done)
        calls, sticky = asked(scene), stickiness(scene)
        scene.declare({"v1": 100}, **ONE_MOVE)
        ok(
            scene.up(
                {
                    "healthy": lambda: scene.stage.faults(throttle=SCARCE, late_weights=600),
                    moved(v1=100): lambda: times.update(over=time.time()),
                }
            )
        )
        scene.stage.faults(late_weights=600)
        del scene.releases["v8"]
        scene.declare({"v1": 100}, **ONE_MOVE)
        trace.begin(scene.stage.home)

        def wait() -> None:
            times["waited"] = time.time()
            scene.stage.faults(throttle=SCARCE, late_weights=times["waited"] + 5 - times["over"])

        ok(scene.up({"waiting until no request was seen": wait}))
        shrunk = min(one.at for one in asked(scene) if one.action in SHRINKS)
        scene.stage.faults()
        answers = {kind: load.stop() for kind, load in loads.items()}
    assert "v8" not in versions(scene.stage)
    return Life(answers, calls, done.seconds, sticky, shrunk=shrunk, **times)


def switch_stickiness_on(scene: Scene) -> None:
    """As a colleague does by hand, of the weighted rule."""
    rule = weighted_rule(scene.stage)
    assert rule is not None
    forward = {
        "TargetGroups": rule["Actions"][0]["ForwardConfig"]["TargetGroups"],
        "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 3600},
    }
    action = {"Type": "forward", "ForwardConfig": forward}
    client(scene.stage, "elbv2").modify_rule(RuleArn=rule["RuleArn"], Actions=[action])
    assert stickiness(scene) == [rule["RuleArn"]]


def stickiness(scene: Scene) -> list[str]:
    """The rules and target groups whose clients stick to where they were."""
    elbv2 = client(scene.stage, "elbv2")
    rule = weighted_rule(scene.stage)
    assert rule is not None
    listener = rule["RuleArn"].replace(":listener-rule/", ":listener/").rpartition("/")[0]
    found = []
    for one in elbv2.describe_rules(ListenerArn=listener)["Rules"]:
        configs = [action.get("ForwardConfig", {}) for action in one["Actions"]]
        if any(config.get("TargetGroupStickinessConfig", {}).get("Enabled") for config in configs):
            found.append(one["RuleArn"])
    for group in scene.groups().values():
        attributes = elbv2.describe_target_group_attributes(TargetGroupArn=group)["Attributes"]
        if {"Key": "stickiness.enabled", "Value": "false"} not in attributes:
            found.append(group)
    return found


def asked(scene: Scene) -> list[Seen]:
    """The calls since the trace began, without the tests' own."""
    return [one for one in trace.read(scene.stage.home) if one.key != OBSERVER]


@pytest.mark.parametrize("kind", ["steady", "long", "idle"])
def test_incident_19_no_request_fails_in_the_whole_life_of_a_slice(life, kind):
    assert dropped(life.answers[kind]) == []
    assert {answer.version for answer in life.answers[kind]} == {"v1", "v8"}


def test_incidents_1_2_a_slice_is_let_go_only_after_its_last_request(life):
    last = max(own(answers, "v8")[-1].at for answers in life.answers.values())
    assert life.over < life.waited < last < life.shrunk - DRAIN


def test_incident_16_a_release_stays_within_the_limits_of_aws(life):
    refused = [one for one in life.calls if one.status == 400]
    assert {one.action for one in refused} <= {"DescribeTargetGroups"}  # by name: whether it is free
    providers = [one for one in life.calls if "APN" in one.agent]
    ours = [one for one in life.calls if one not in providers]
    assert len(providers) <= 120
    assert len(ours) <= 45 + 5 * life.seconds, Counter(one.action for one in ours)


@pytest.mark.parametrize("kind", ["steady", "long", "idle"])
def test_incident_20_clients_leave_a_slice_within_its_drain_time(life, kind):
    late = [one for one in own(life.answers[kind], "v1") if life.alone + DRAIN < one.at < life.over]
    assert late == []


def test_incident_20_stickiness_that_someone_switched_on_is_off_after_a_release(life):
    assert life.sticky == []


@pytest.mark.parametrize("load", [100.0], indirect=True)
def test_incident_14_credentials_that_expire_lose_nothing_and_are_recorded_nowhere(scene, load, ends):
    here, there = ends
    file = scene.stage.root / "Pulumi.e2e.yaml"
    before = file.read_text()
    keys = [
        "--plaintext",
        "aws:accessKey=any",
        "--secret",
        f"aws:secretKey={SECRET}",
        "--secret",
        f"aws:token={SECRET}",
    ]
    ok(scene.stage.run("pulumi", "config", "set-all", *keys))
    scene.declare({there: 100}, **BY_HEALTH, steps=[50])
    for calls in (2, 60):  # while it is asked whose they are, and while resources are looked at
        scene.stage.faults(expire_token=calls)
        assert_refused(scene.up(), "ExpiredToken|RequestExpired")
        assert scene.state == alone(here)
    scene.stage.faults()
    done = scene.up({moved(**{there: 100}): lambda: scene.stage.faults(expire_token=0)})
    scene.stage.faults()
    assert_refused(done, r"ExpiredToken.*RESTORE FAILED: .*`python -m ops recover`")
    assert (live(scene.stage), recorded(scene.stage)) == ({there: 999}, {here: 100})
    ok(scene.up())
    assert scene.state == alone(there)
    kept = [one for one in (scene.stage.home / "backend").rglob("*") if one.is_file()]
    assert [one for one in (*kept, file) if SECRET in one.read_text(errors="replace")] == []
    file.write_text(before)
    assert dropped(load.stop()) == []


@pytest.mark.parametrize("load", [100.0], indirect=True)
def test_incident_3_a_third_release_begun_where_a_walk_was_killed_ends_with_one_live_slice(scene, load, ends):
    here, there = ends
    engine = Ramps(scene.stage)
    scene.declare({there: 100}, gates={}, steps=[25], bake="60s")
    with scene.stage.running(*UP) as up:
        eventually(lambda: live(scene.stage) == {here: 750, there: 250}, "a quarter has moved")
        kill(engine.pids())
        up.communicate(timeout=PATIENCE)
    engine.await_end()
    ok(scene.stage.run("pulumi", "cancel", "--yes"))
    scene.declare({"v3": 100}, **BY_HEALTH, steps=[50])
    with scene.watching() as seen:
        done = scene.up()
    assert f"found the mark of a walk that was cut short: {here} 100 → {there} 100" in ok(done)
    assert seen == [{here: 750, there: 250}, {here: 375, there: 125, "v3": 500}, {"v3": 999}]
    assert scene.state == alone("v3")
    assert dropped(load.stop()) == []


@pytest.mark.parametrize("load", [100.0], indirect=True)
def test_incident_8_a_slice_whose_making_was_not_heard_of_is_made_by_a_later_up(scene, load):
    weights = live(scene.stage)
    here = max(weights, key=lambda version: weights[version])
    scene.settle(here)
    scene.add("v9")
    scene.declare({"v9": 100}, **BY_HEALTH, steps=[50])
    told = ""
    for lost in (["CreateTargetGroup", "CreateLaunchTemplate"], ["CreateRule"], ["CreateAutoScalingGroup"]):
        together = dict.fromkeys(lost, 1.0)  # seconds: what begins while another fails is done too
        scene.stage.faults(lose_reply=dict.fromkeys(lost, 1), delay=together)
        trace.begin(scene.stage.home)
        done = scene.up()
        assert_refused(done, rf"{lost[-1]}: \S*(AlreadyExists|PriorityInUse)")
        assert sorted(one.action for one in asked(scene) if one.status == 0) == sorted(lost)
        assert scene.state == alone(here)
        told += done.text
    scene.stage.faults()
    assert "v9: took away arn:" in told  # the rule that stood in its own way
    assert re.search(r"v9: (\d) of \1 healthy \(1 not of its fleet\)", ok(scene.up()))
    assert scene.state == alone("v9")
    assert dropped(load.stop()) == []
    assert [name.rpartition("-")[0] for name in unrecorded(scene)] == ["shop-v9", "shop-v9", "shop-v9"]


def unrecorded(scene: Scene) -> list[str]:
    """Fleets, target groups and templates that are there and in no record, by name; they are taken away."""
    resources = json.loads(ok(scene.stage.run("pulumi", "stack", "export")))["deployment"]["resources"]
    known = {one.get("id") for one in resources}
    autoscaling, elbv2, ec2 = (client(scene.stage, service) for service in ("autoscaling", "elbv2", "ec2"))
    found = []
    for name in {
        one["AutoScalingGroupName"] for one in autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    } - known:
        autoscaling.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
        found.append(name)
    for group in elbv2.describe_target_groups()["TargetGroups"]:
        if group["TargetGroupArn"] not in known:
            elbv2.delete_target_group(TargetGroupArn=group["TargetGroupArn"])
            found.append(group["TargetGroupName"])
    for template in ec2.describe_launch_templates()["LaunchTemplates"]:
        if template["LaunchTemplateId"] not in known:
            ec2.delete_launch_template(LaunchTemplateId=template["LaunchTemplateId"])
            found.append(template["LaunchTemplateName"])
    return found
