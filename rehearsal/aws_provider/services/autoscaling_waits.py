"""What a group waits for: capacity after create and resize, instances gone before delete, targets moved.

`waitForCapacityTimeout` "0" turns the capacity waits off; the time-outs of update and delete are the resource's own.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from rehearsal.aws_provider.cloud import Aws, unless
from rehearsal.provider.errors import RefusedError
from rehearsal.provider.values import Props

SECONDS = 600.0
BATCH = 10  # target groups a call
UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def duration(text: str) -> float:
    """Seconds from a Go duration such as `10m`, `1m30s` or `0`."""
    if text == "0":
        return 0.0
    if not re.fullmatch(r"(\d+(\.\d+)?(h|ms|m|s))+", text):
        raise RefusedError(f"{text!r} must be a duration such as 10m, 1m30s or 0")
    return sum(float(number) * UNITS[unit] for number, unit in re.findall(r"(\d+(?:\.\d+)?)(h|ms|m|s)", text))


def describe(aws: Aws, name: str) -> dict[str, Any] | None:
    """What Auto Scaling says about a group; None when it is gone."""
    groups = aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    return groups[0] if groups else None


def at_least(aws: Aws, name: str, props: Props) -> None:
    """Wait until the group has at least the capacity it was created with."""
    wanted = props.get("desiredCapacity") or props["minSize"]
    registered = props.get("waitForElbCapacity") or props.get("minElbCapacity") or 0
    _capacity(aws, name, props, lambda in_service, healthy: in_service >= wanted and healthy >= registered, wanted)


def exactly(aws: Aws, name: str, props: Props) -> None:
    """Wait until the group has exactly the capacity it was resized to."""
    wanted = max(props["minSize"], props.get("desiredCapacity") or 0)
    registered = props.get("waitForElbCapacity")

    def enough(in_service: int, healthy: int) -> bool:
        return in_service == wanted and (not registered or healthy == registered)

    _capacity(aws, name, props, enough, wanted)


def _capacity(aws: Aws, name: str, props: Props, enough: Callable[[int, int], bool], wanted: int) -> None:
    seconds = duration(props["waitForCapacityTimeout"])
    counts_targets = props.get("waitForElbCapacity") or props.get("minElbCapacity")

    begun = datetime.now(UTC)

    def missing() -> str | None:
        live = describe(aws, name)
        if live is None:
            raise RefusedError(f"the group {name} is gone")
        if not props["ignoreFailedScalingActivities"]:
            _refuse_failures(aws, name, begun)
        ready = [one for one in live["Instances"] if _is_ready(one)]
        healthy = _healthy(aws, live, {one["InstanceId"] for one in ready}) if counts_targets else 0
        if enough(len(ready), healthy):
            return None
        targets = f", {healthy} of them healthy targets" if counts_targets else ""
        return f"{len(ready)} of {wanted} instances in service{targets}"

    if seconds:
        aws.until(f"capacity of {name}", missing, seconds)


def _refuse_failures(aws: Aws, name: str, since: datetime) -> None:
    """A launch that failed ends the wait early."""
    activities = aws.autoscaling.describe_scaling_activities(AutoScalingGroupName=name)["Activities"]
    for one in activities:
        if one["StatusCode"] == "Failed" and one["StartTime"] >= since:
            raise RefusedError(f"capacity of {name}: scaling activity failed: {one.get('StatusMessage', 'no reason')}")


def _is_ready(instance: dict[str, Any]) -> bool:
    return instance["LifecycleState"] == "InService" and instance["HealthStatus"].lower() == "healthy"


def _healthy(aws: Aws, group: dict[str, Any], ready: set[str]) -> int:
    """How many of the *ready* instances no target group knows as anything but healthy.

    As the real provider counts: an instance that is not registered yet passes.
    """
    ill = set()
    for arn in group["TargetGroupARNs"]:
        described = aws.elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        ill |= {one["Target"]["Id"] for one in described if one["TargetHealth"]["State"] != "healthy"}
    return len(ready - ill)


def move_groups(aws: Aws, name: str, old: set[str], new: set[str]) -> None:
    """Detach the target groups that are no longer wanted, then attach the new ones."""
    for batch in _batches(sorted(old - new)):
        aws.autoscaling.detach_load_balancer_target_groups(AutoScalingGroupName=name, TargetGroupARNs=batch)
    for batch in _batches(sorted(new - old)):
        aws.autoscaling.attach_load_balancer_target_groups(AutoScalingGroupName=name, TargetGroupARNs=batch)

    def missing() -> str | None:
        live = describe(aws, name) or {"TargetGroupARNs": []}
        return None if set(live["TargetGroupARNs"]) == new else f"has {live['TargetGroupARNs']}"

    aws.until(f"target groups of {name}", missing, aws.limit(SECONDS))


def _batches(arns: list[str]) -> list[list[str]]:
    return [arns[start : start + BATCH] for start in range(0, len(arns), BATCH)]


def delete(aws: Aws, name: str, olds: Props) -> None:
    """Set the sizes to 0, lift the protection, wait until no instance is left, then delete the group."""
    seconds, force = aws.limit(SECONDS), bool(olds.get("forceDelete"))
    if not force:
        _drain(aws, name, seconds)

    def attempt() -> None:
        with unless("ValidationError"):
            if describe(aws, name) is not None:
                aws.autoscaling.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=force)

    aws.deleting(attempt, ("ResourceInUse", "ScalingActivityInProgress"), seconds)
    aws.until(f"group {name} deleted", lambda: "still there" if describe(aws, name) else None, seconds)


def _drain(aws: Aws, name: str, seconds: float) -> None:
    live = describe(aws, name)
    if live is None:
        return
    _empty(aws, name)
    protected = [one["InstanceId"] for one in live["Instances"] if one.get("ProtectedFromScaleIn")]
    if protected:
        aws.autoscaling.set_instance_protection(
            AutoScalingGroupName=name, InstanceIds=protected, ProtectedFromScaleIn=False
        )
        _empty(aws, name)  # the local AWS looks at the protection only when the sizes are set

    def left() -> str | None:
        instances = (describe(aws, name) or {"Instances": []})["Instances"]
        return f"{len(instances)} instances left" if instances else None

    aws.until(f"instances of {name} gone", left, seconds)


def _empty(aws: Aws, name: str) -> None:
    with unless("ValidationError"):  # "not found" carries no code of its own
        sizes = {"MinSize": 0, "MaxSize": 0, "DesiredCapacity": 0}
        aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName=name, **sizes)
