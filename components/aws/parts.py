"""What a slice is made of on AWS, and which of it is no more: someone deleted it beside the program, or it expired.

In: boto3 clients, a slice's target group and fleet. Out: the missing parts in words; RouterError when AWS does not say.
"""

from collections.abc import Callable, Mapping
from typing import Any

from rollout.aws import asked
from rollout.errors import RouterError

NOT_THERE = (
    "TargetGroupNotFound",
    "InvalidLaunchTemplateId",
    "InvalidLaunchTemplateName",
    "InvalidLaunchTemplateVersion",
)


def fleet_of(autoscaling: Any, name: str) -> Mapping[str, Any] | None:
    """The Auto Scaling group *name*; None when it is gone or going."""
    query = {"AutoScalingGroupNames": [name]}
    found = asked("read the fleet", lambda: autoscaling.describe_auto_scaling_groups(**query))["AutoScalingGroups"]
    return next((group for group in found if not group.get("Status")), None)


def missing(elbv2: Any, autoscaling: Any, ec2: Any, group: str, fleet: str | None) -> list[str]:
    """What of the slice behind target group *group* (ARN) is no more; an external one (no *fleet*) is nothing else."""
    there = _there("read the target group", lambda: elbv2.describe_target_groups(TargetGroupArns=[group]))
    parts = [] if there else [f"target group {group.split('/')[-2]}"]
    if fleet is None:
        return parts
    found = fleet_of(autoscaling, fleet)
    if found is None:
        return [*parts, f"fleet {fleet}"]
    template = found.get("LaunchTemplate")
    if template:
        of, number = template["LaunchTemplateId"], template.get("Version", "$Default")
        query = {"LaunchTemplateId": of, "Versions": [number]}
        if not _there("read the launch template", lambda: ec2.describe_launch_template_versions(**query)):
            parts.append(f"launch template {of} (version {number})")
    if _starts_nothing(found):
        parts.append(f"capacity: fleet {fleet} may start no instance (its process Launch is suspended)")
    return parts


def _starts_nothing(fleet: Mapping[str, Any]) -> bool:
    """Whether *fleet* lacks instances and may not launch any."""
    serving = sum(one["LifecycleState"] == "InService" for one in fleet["Instances"])
    suspended = any(one["ProcessName"] == "Launch" for one in fleet.get("SuspendedProcesses", ()))
    return suspended and serving < max(1, fleet["DesiredCapacity"])


def _there(what: str, call: Callable[[], object]) -> bool:
    try:
        asked(what, call)
    except RouterError as error:
        if any(one in str(error) for one in NOT_THERE):
            return False
        raise
    return True
