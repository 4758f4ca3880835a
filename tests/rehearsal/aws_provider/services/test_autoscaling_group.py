"""Groups: capacity that comes or does not, hooks first, instances gone before the group."""

import threading
from collections.abc import Iterator

import grpc
import pytest

from rehearsal.aws_provider.services.autoscaling_waits import duration
from rehearsal.provider.errors import RefusedError
from tests.patience import PATIENCE, eventually
from tests.rehearsal.aws_provider.world import World
from tests.rehearsal.provider.engine import failed_initialization, refusal

GROUP = "aws:autoscaling/group:Group"


@pytest.fixture(autouse=True)
def tidy(world: World) -> Iterator[None]:
    """The group is made anew for each test that asks for it."""
    yield
    if "group" in world:
        world.drop("group")


@pytest.mark.parametrize(("text", "seconds"), [("0", 0), ("10m", 600), ("1m30s", 90), ("1.5h", 5400), ("250ms", 0.25)])
def test_a_duration_is_gos(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "10", "m", "10 m", "-1m"])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(RefusedError, match="must be a duration"):
        duration(text)


def test_a_group_scaled_by_another_hand_is_drift(world: World) -> None:
    group = world("group")
    world.client("autoscaling").set_desired_capacity(AutoScalingGroupName=group.id, DesiredCapacity=3)
    seen = group.refresh()
    assert (seen.state["desiredCapacity"], seen.inputs["desiredCapacity"]) == (3, 3)
    assert list(seen.diff().diffs) == ["desiredCapacity"]


def test_sizes_and_protection_of_another_hand_are_no_difference_where_they_are_ignored(world: World) -> None:
    group = world("group")
    change = {"MinSize": 0, "MaxSize": 9, "DesiredCapacity": 4, "NewInstancesProtectedFromScaleIn": True}
    world.client("autoscaling").update_auto_scaling_group(AutoScalingGroupName=group.id, **change)
    seen = group.refresh()
    ours = ("minSize", "maxSize", "desiredCapacity", "protectFromScaleIn")
    assert sorted(seen.diff().diffs) == sorted(ours)
    # The engine puts the recorded inputs in the place of ignored ones.
    assert dict(seen.diff(**{key: seen.inputs[key] for key in ours}).detailedDiff) == {}


def test_a_group_without_a_wanted_size_has_the_smallest_and_that_is_no_difference(world: World) -> None:
    program = {key: value for key, value in world("group").program.items() if key != "desiredCapacity"}
    group = world.engine.made(GROUP, **program)
    assert (group.state["desiredCapacity"], "desiredCapacity" in group.inputs) == (1, False)
    world.client("autoscaling").set_desired_capacity(AutoScalingGroupName=group.id, DesiredCapacity=2)
    assert dict(group.refresh().diff().detailedDiff) == {}
    group.delete()


def test_target_groups_are_shown_both_ways(world: World) -> None:
    arn = world("target group").id
    assert world("group").state["trafficSources"] == [{"identifier": arn, "type": "elbv2"}]
    assert world("group").state["targetGroupArns"] == [arn]


def test_capacity_that_does_not_come_leaves_the_group_recorded_with_its_reason(world: World) -> None:
    program = {**world("group").program, "waitForCapacityTimeout": "1s", "minElbCapacity": 3}
    inputs, _ = world.engine.check(GROUP, program)
    with pytest.raises(grpc.RpcError) as caught:
        world.engine.create(GROUP, inputs)
    assert "not after 1 s: 2 of 2 instances in service" in refusal(caught)
    failed = failed_initialization(caught)
    assert failed.id == inputs["name"]
    assert failed.state["arn"].endswith(f"autoScalingGroupName/{failed.id}")
    assert failed.inputs["desiredCapacity"] == 2
    world.engine.delete(GROUP, failed.id, failed.state)


def test_no_wait_when_the_timeout_is_0(world: World) -> None:
    program = {**world("group").program, "waitForCapacityTimeout": "0", "minElbCapacity": 99}
    world.engine.made(GROUP, **program).delete()


def test_a_wait_ends_when_the_engine_cancels(world: World) -> None:
    program = {**world("group").program, "minElbCapacity": 99}
    inputs, _ = world.engine.check(GROUP, program)
    caught: list[grpc.RpcError] = []

    def create() -> None:
        try:
            world.engine.create(GROUP, inputs)
        except grpc.RpcError as error:
            caught.append(error)

    creating = threading.Thread(target=create)
    creating.start()
    eventually(lambda: inputs["name"] in _names(world), "the group is there")
    world.engine.cancel()
    creating.join(PATIENCE)
    assert not creating.is_alive()
    (error,) = caught
    assert isinstance(error, grpc.Call)
    assert "stopped waiting, because the engine is stopping" in (error.details() or "")
    world.engine.configure_again()
    world.engine.delete(GROUP, inputs["name"], {"name": inputs["name"]})


def test_hooks_are_there_before_the_first_instance(world: World) -> None:
    hook = {"name": "boot", "lifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING", "heartbeatTimeout": 60}
    group = world.engine.made(GROUP, **{**world("group").program, "initialLifecycleHooks": [hook]})
    client = world.client("autoscaling")
    (live,) = client.describe_lifecycle_hooks(AutoScalingGroupName=group.id)["LifecycleHooks"]
    assert (live["LifecycleHookName"], live["HeartbeatTimeout"]) == ("boot", 60)
    assert group.state["desiredCapacity"] == 2
    assert dict(group.refresh().diff().detailedDiff) == {}
    assert list(group.diff(initialLifecycleHooks=[]).replaces) == ["initialLifecycleHooks"]
    group.delete()


def test_a_group_is_emptied_before_it_is_deleted_protected_instances_too(world: World) -> None:
    group = world.engine.made(GROUP, **{**world("group").program, "protectFromScaleIn": True})
    (live,) = world.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[group.id])[
        "AutoScalingGroups"
    ]
    instances = [one["InstanceId"] for one in live["Instances"]]
    assert len(instances) == 2
    group.delete()
    reservations = world.client("ec2").describe_instances(InstanceIds=instances)["Reservations"]
    states = {one["State"]["Name"] for reservation in reservations for one in reservation["Instances"]}
    assert states == {"terminated"}


def _names(world: World) -> list[str]:
    groups = world.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    return [one["AutoScalingGroupName"] for one in groups]
