"""What goes wrong with machines and balancer: the arithmetic, then on a cloud that runs."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.cloud.faults import Faults, write
from rehearsal.cloud.trouble import Trouble, is_ill
from rehearsal.cloud.world import Check, Listener, LoadBalancer, Rule, TargetGroup, World
from rehearsal.load import Load, dropped
from tests.patience import eventually
from tests.rehearsal.cloud.running import Shop, get, rehearsal


@given(st.integers(2, 10), st.integers(2, 10), st.integers(5, 300), st.integers(1, 30), st.integers(0, 200))
def test_a_target_is_ill_when_so_many_checks_in_a_row_have_said_so(unhealthy, healthy, interval, checks, now):
    """*checks* fail, as many pass, and so on; *now* of them have been made."""
    ill, row = False, 0
    for number in range(now):
        fails = number // checks % 2 == 0
        row = row + 1 if fails != ill else 0
        if row == (healthy if ill else unhealthy):
            ill, row = not ill, 0
    check = Check(interval=interval, healthy=healthy, unhealthy=unhealthy)
    assert ill == is_ill(now * interval + 0.001, checks * interval, check)


ONE, OTHER = (TargetGroup(f"arn:tg/{name}/1", name) for name in ("one", "other"))


def world(weights, *groups):
    """A load balancer whose rule has *weights*, with *groups*."""
    forward = {"TargetGroups": [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights.items()]}
    rule = Rule(1, (), {"Type": "forward", "ForwardConfig": forward})
    balancer = LoadBalancer("lb", "shop", 60, (Listener("listener", 80, (rule,)),))
    return World((balancer,), {group.arn: group for group in groups})


def followed(of):
    return of.balancers[0].listeners[0].rules[0].weights()


@pytest.fixture
def trouble(account):
    return Trouble(account.cloud.instances)


def test_weights_are_followed_late_only_while_that_is_stated(trouble):
    before, after = world({ONE.arn: 999}, ONE, OTHER), world({OTHER.arn: 999}, ONE, OTHER)
    assert trouble.world(before) == before
    trouble.begin(Faults(late_weights=600))
    assert trouble.world(after) == dataclasses.replace(before, groups=after.groups)
    trouble.begin(Faults())
    assert trouble.world(after) == after


def test_a_target_group_that_was_deleted_still_has_its_share_and_no_target(trouble):
    trouble.begin(Faults(late_weights=600))
    trouble.world(world({ONE.arn: 1, OTHER.arn: 999}, ONE, OTHER))
    seen = trouble.world(world({OTHER.arn: 999}, OTHER))
    assert followed(seen) == {ONE.arn: 1, OTHER.arn: 999}
    assert seen.groups[ONE.arn] == ONE
    assert seen.groups[ONE.arn].targets == ()
    assert set(seen.used()) == {ONE.arn, OTHER.arn}


def state(shop: Shop, **faults):
    write(shop.user.home, Faults(**faults))


@pytest.fixture
def calm(shop):
    """The shop, v1 live, two healthy instances each; no fault afterwards."""
    yield shop
    state(shop)
    shop.weigh({"v1": 999})
    eventually(lambda: {get(shop.address) for _ in range(5)} == {(200, "v1")}, "v1 answers")
    for group in shop.groups.values():
        shop.user.healthy(group, 2)


def described(shop):
    """Version → weight, as DescribeRules says."""
    (rule,) = shop.user.elbv2.describe_rules(RuleArns=[shop.rule])["Rules"]
    versions = {arn: version for version, arn in shop.groups.items()}
    return {versions[g["TargetGroupArn"]]: g["Weight"] for g in rule["Actions"][0]["ForwardConfig"]["TargetGroups"]}


@pytest.mark.slow
def test_the_balancer_follows_late_what_is_described_at_once(calm):
    state(calm, late_weights=2)
    calm.weigh({"v2": 999})
    assert described(calm) == {"v2": 999}
    assert get(calm.address) == (200, "v1")
    eventually(lambda: get(calm.address) == (200, "v2"), "v2 answers")
    state(calm, late_weights=600)
    calm.weigh({"v1": 999})
    eventually(lambda: described(calm) == {"v1": 999}, "the cloud has turned")
    assert {get(calm.address) for _ in range(20)} == {(200, "v2")}
    state(calm)
    eventually(lambda: get(calm.address) == (200, "v1"), "v1 answers")


@pytest.mark.slow
def test_clients_of_a_slice_that_was_deleted_before_the_balancer_followed_are_dropped(calm):
    gone = calm.user.group("gone")
    actions = [{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": gone, "Weight": 1}]}}]
    calm.user.elbv2.modify_rule(RuleArn=calm.rule, Actions=actions)
    eventually(lambda: get(calm.address) == (503, ""), "the empty group answers")
    state(calm, late_weights=600)
    calm.weigh({"v1": 999})
    calm.user.elbv2.delete_target_group(TargetGroupArn=gone)
    load = Load(calm.user.state.url, connections=2, rate=50)
    load.start()
    eventually(lambda: len(load.answers) >= 50, "the cloud has turned")
    assert dropped(answers := load.stop()) == answers
    assert calm.user.recorded().error is None
    state(calm)
    eventually(lambda: get(calm.address) == (200, "v1"), "v1 answers")


@pytest.mark.slow
def test_so_many_instances_die_at_each_statement(calm):
    def survivors(of):
        return [name for name in of if name in calm.user.instances("v2")]

    others = calm.user.healthy(calm.groups["v1"], 2)
    for _ in range(2):
        before = calm.user.healthy(calm.groups["v2"], 2)
        processes = [calm.user.process(name) for name in before]
        state(calm, kill={"v2": 1})
        eventually(lambda before=before: len(survivors(before)) == 1, "one is replaced")
        assert sorted(process.is_running() for process in processes) == [False, True]
    before = calm.user.healthy(calm.groups["v2"], 2)
    state(calm, kill={"v2": 2, "v9": 1})
    eventually(lambda: survivors(before) == [], "both are replaced")
    assert calm.user.healthy(calm.groups["v1"], 2) == others


@pytest.mark.slow
def test_an_instance_boots_slowly_while_that_is_stated(calm):
    autoscaling, group = calm.user.autoscaling, calm.groups["v2"]

    def grow():
        """One more instance: its id and its process."""
        before = calm.user.instances("v2").keys()
        autoscaling.set_desired_capacity(AutoScalingGroupName="v2", DesiredCapacity=3)
        (name,) = eventually(lambda: calm.user.instances("v2").keys() - before, "it starts")
        return name, eventually(lambda: started(calm, name), "its process starts")

    def take(name):
        autoscaling.terminate_instance_in_auto_scaling_group(InstanceId=name, ShouldDecrementDesiredCapacity=True)
        eventually(lambda: states() == ["healthy"] * 2 and name not in calm.user.instances("v2"), "it is gone")

    def states():
        return sorted(state for state in calm.user.targets(group).values() if state != "draining")

    state(calm, slow_boot=600)
    name, process = grow()
    eventually(lambda: process.name() == "sh", "it waits")
    assert states() == ["healthy", "healthy", "initial"]
    take(name)
    eventually(lambda: not process.is_running(), "it ends")
    state(calm, slow_boot=1.5)
    name, process = grow()
    eventually(lambda: process.name() == "sh", "it waits")
    calm.user.healthy(group, 3)
    assert process.name() != "sh"
    take(name)


def started(shop, instance):
    """The process of *instance*, None while it has none."""
    try:
        return shop.user.process(instance)
    except StopIteration:
        return None


@pytest.mark.slow
def test_flapping_health_is_seen_in_the_load_balancer_and_fails_no_request(calm):
    def states():
        return sorted(calm.user.targets(calm.groups["v2"]).values())

    calm.user.elbv2.modify_target_group(TargetGroupArn=calm.groups["v2"], HealthyThresholdCount=2)
    calm.user.healthy(calm.groups["v2"], 2)
    calm.weigh({"v2": 999})
    eventually(lambda: get(calm.address) == (200, "v2"), "v2 answers")
    load = Load(calm.user.state.url, connections=4, rate=100)
    load.start()
    try:
        state(calm, flap={"v2": 11})
        eventually(lambda: states() == ["unhealthy"] * 2, "v2 is ill")
        found = calm.user.elbv2.describe_target_health(TargetGroupArn=calm.groups["v2"])["TargetHealthDescriptions"]
        assert {one["TargetHealth"]["Reason"] for one in found} == {"Target.ResponseCodeMismatch"}
        eventually(lambda: states() == ["healthy"] * 2, "v2 is well")
        eventually(lambda: states() == ["unhealthy"] * 2, "v2 is ill again")
        state(calm)
        eventually(lambda: states() == ["healthy"] * 2, "v2 is well", 8)  # by itself it would be after eleven
    finally:
        answers = load.stop()
    assert dropped(answers) == []
    assert set(calm.user.targets(calm.groups["v1"]).values()) == {"healthy"}


@pytest.mark.slow
def test_the_verb_states_faults_and_status_shows_them_whatever_they_are(calm):
    home = calm.user.home
    done = rehearsal(home, "faults", "--throttle", "0/0", "--expire-token", "0", "--delay", "Describe*=600")
    assert (done.returncode, done.stdout) == (
        0,
        "faults  --throttle *=0/0 --delay Describe*=600 --expire-token 0\n",
    )
    shown = rehearsal(home, "status")
    assert (shown.returncode, "--expire-token 0" in shown.stdout, "v1 999" in shown.stdout) == (0, True, True)
    assert rehearsal(home, "faults").stdout == "faults  none\n"
    assert described(calm) == {"v1": 999}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            ("--delay", "ModifyRul=1"),
            "error: --delay ModifyRul: AWS has no such action; write ModifyRule, or Describe*\n",
        ),
        (("--throttle", "fast"), "error: --throttle fast: write [ACTION=]RATE/BURST such as ModifyRule=1/3, or aws\n"),
        (("--flap", "v1"), "error: --flap v1: write NAME=SECONDS\n"),
        (("--kill", "v1=none"), "error: --kill v1=none: write NAME or NAME=COUNT\n"),
        (("--late-reads", "-1"), "error: --late-reads -1.0: seconds must be a number from 0 on\n"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_by_name_and_states_nothing(calm, wrong, message):
    home = calm.user.home
    state(calm, slow_boot=1)
    before = (home / "faults.json").read_bytes()
    done = rehearsal(home, "faults", *wrong)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)
    assert (home / "faults.json").read_bytes() == before
    assert json.loads(before)["slow_boot"] == 1
