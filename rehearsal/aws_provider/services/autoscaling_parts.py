"""The parts of a group that have calls or forms of their own: tags, template, target groups, hooks, metrics."""

from typing import Any

from rehearsal.aws_provider.cloud import Aws
from rehearsal.provider.rules import between, length, matches, one_of
from rehearsal.provider.schema import block, integer, text
from rehearsal.provider.values import Props

HOOK_NAMES = {
    "name": "LifecycleHookName",
    "lifecycleTransition": "LifecycleTransition",
    "defaultResult": "DefaultResult",
    "heartbeatTimeout": "HeartbeatTimeout",
    "notificationMetadata": "NotificationMetadata",
    "notificationTargetArn": "NotificationTargetARN",
    "roleArn": "RoleARN",
}
HOOK = block(
    {
        "name": text(length(1, 255), matches(r"[A-Za-z0-9\-_/]+", "have only letters, digits, -_/"), required=True),
        "lifecycleTransition": text(
            one_of("autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"), required=True
        ),
        "defaultResult": text(one_of("CONTINUE", "ABANDON")),
        "heartbeatTimeout": integer(between(30, 7200)),
        "notificationMetadata": text(),
        "notificationTargetArn": text(),
        "roleArn": text(),
    }
)


def desired(props: Props) -> dict[str, int]:
    """The wanted size at creation; 0 counts as not given, as with the real provider, and AWS then takes the minimum."""
    return {"DesiredCapacity": props["desiredCapacity"]} if props.get("desiredCapacity") else {}


def template_to_api(template: Props) -> dict[str, str]:
    """Which launch template, in which version; without one the template's default version."""
    names = {"id": "LaunchTemplateId", "name": "LaunchTemplateName"}
    which = {theirs: template[ours] for ours, theirs in names.items() if template.get(ours)}
    if len(which) > 1:  # the state has both, AWS takes one
        which.pop("LaunchTemplateName")
    return {**which, "Version": template.get("version") or "$Default"}


def template_from_api(live: dict[str, Any]) -> Props:
    """Both of id and name, and the version as it was asked for."""
    return {
        "id": live.get("LaunchTemplateId"),
        "name": live.get("LaunchTemplateName"),
        "version": live.get("Version") or "$Default",
    }


def target_groups(props: Props) -> list[str]:
    """The target groups' ARNs, whichever way they are given."""
    sources = [one["identifier"] for one in props.get("trafficSources") or []]
    return sources or props.get("targetGroupArns") or []


def tags_to_api(group: str, tags: list[Props]) -> list[dict[str, Any]]:
    """The tags as the API takes them."""
    return [
        {**_owner(group, one["key"]), "Value": one["value"], "PropagateAtLaunch": one["propagateAtLaunch"]}
        for one in tags
    ]


def _owner(group: str, key: str) -> dict[str, str]:
    return {"ResourceId": group, "ResourceType": "auto-scaling-group", "Key": key}


def tags_from_api(tags: list[dict[str, Any]]) -> list[Props]:
    """The tags as the program has them."""
    return [
        {"key": one["Key"], "value": one.get("Value", ""), "propagateAtLaunch": one.get("PropagateAtLaunch", False)}
        for one in tags
        if not one["Key"].startswith("aws:")
    ]


def retag(aws: Aws, group: str, old: list[Props], new: list[Props]) -> None:
    """Set what is new or differs, take away what is no longer wanted."""
    if put := [one for one in new if one not in old]:
        aws.autoscaling.create_or_update_tags(Tags=tags_to_api(group, put))
    wanted = {one["key"] for one in new}
    if gone := [one["key"] for one in old if one["key"] not in wanted]:
        aws.autoscaling.delete_tags(Tags=[_owner(group, key) for key in gone])


def put_hooks(aws: Aws, group: str, hooks: list[Props]) -> None:
    """Hooks that must be there before the first instance."""
    for hook in hooks:
        values = {theirs: hook[ours] for ours, theirs in HOOK_NAMES.items() if ours in hook}
        aws.autoscaling.put_lifecycle_hook(AutoScalingGroupName=group, **values)


def suspend(aws: Aws, group: str, old: list[str], new: list[str]) -> None:
    """Suspend and resume processes so that exactly *new* are suspended."""
    if start := sorted(set(new) - set(old)):
        aws.autoscaling.suspend_processes(AutoScalingGroupName=group, ScalingProcesses=start)
    if end := sorted(set(old) - set(new)):
        aws.autoscaling.resume_processes(AutoScalingGroupName=group, ScalingProcesses=end)


def collect(aws: Aws, group: str, old: list[str], new: list[str], granularity: str) -> None:
    """Turn metrics on and off so that exactly *new* are collected."""
    if start := sorted(set(new) - set(old)):
        aws.autoscaling.enable_metrics_collection(AutoScalingGroupName=group, Metrics=start, Granularity=granularity)
    if end := sorted(set(old) - set(new)):
        aws.autoscaling.disable_metrics_collection(AutoScalingGroupName=group, Metrics=end)
