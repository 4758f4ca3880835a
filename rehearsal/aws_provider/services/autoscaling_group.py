"""aws:autoscaling/group:Group

Its tags are a list, and default tags do not reach it. What it waits for is in `autoscaling_waits`.
"""

from typing import Any

from rehearsal.aws_provider.cloud import Aws
from rehearsal.aws_provider.schema import AwsType
from rehearsal.aws_provider.services import autoscaling_parts as parts
from rehearsal.aws_provider.services import autoscaling_waits as waits
from rehearsal.provider.errors import RefusedError
from rehearsal.provider.rules import between, length, matches, one_of
from rehearsal.provider.schema import Change, Failure, bag, block, boolean, integer, strings, text
from rehearsal.provider.values import UNKNOWN, Props

SIMPLE = {  # the arguments of create and update that are one property each
    "minSize": "MinSize",
    "maxSize": "MaxSize",
    "healthCheckType": "HealthCheckType",
    "healthCheckGracePeriod": "HealthCheckGracePeriod",
    "defaultCooldown": "DefaultCooldown",
    "defaultInstanceWarmup": "DefaultInstanceWarmup",
    "maxInstanceLifetime": "MaxInstanceLifetime",
    "capacityRebalance": "CapacityRebalance",
    "protectFromScaleIn": "NewInstancesProtectedFromScaleIn",
    "terminationPolicies": "TerminationPolicies",
    "serviceLinkedRoleArn": "ServiceLinkedRoleARN",
}
SIZES = ("minSize", "desiredCapacity", "desiredCapacityType")


def _settings(props: Props) -> dict[str, Any]:
    given = {theirs: props[ours] for ours, theirs in SIMPLE.items() if ours in props}
    if props.get("vpcZoneIdentifiers"):
        given["VPCZoneIdentifier"] = ",".join(props["vpcZoneIdentifiers"])
    if props.get("availabilityZones"):
        given["AvailabilityZones"] = props["availabilityZones"]
    return {**given, "LaunchTemplate": parts.template_to_api(props["launchTemplate"])}


def _create(aws: Aws, props: Props) -> str:
    name, hooks = props["name"], props.get("initialLifecycleHooks", [])
    sizes = {"MinSize": 0, "MaxSize": 0} if hooks else parts.desired(props)
    made = {
        **_settings(props),
        **sizes,
        "TargetGroupARNs": parts.target_groups(props),
        "Tags": parts.tags_to_api(name, props.get("tags", [])),
    }
    aws.autoscaling.create_auto_scaling_group(AutoScalingGroupName=name, **made)
    return name


def _complete(aws: Aws, name: str, props: Props) -> None:
    if hooks := props.get("initialLifecycleHooks"):
        parts.put_hooks(aws, name, hooks)
        sizes = {"MinSize": props["minSize"], "MaxSize": props["maxSize"], **parts.desired(props)}
        aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName=name, **sizes)
    waits.at_least(aws, name, props)
    parts.suspend(aws, name, [], props.get("suspendedProcesses", []))
    parts.collect(aws, name, [], props.get("enabledMetrics", []), props["metricsGranularity"])


def _read(aws: Aws, name: str, given: Props) -> Props | None:
    live = waits.describe(aws, name)
    if live is None:
        return None
    groups = live.get("TargetGroupARNs", [])
    policies = live.get("TerminationPolicies", [])
    return {
        **{ours: live.get(theirs) for ours, theirs in SIMPLE.items()},
        "arn": live["AutoScalingGroupARN"],
        "availabilityZones": sorted(live["AvailabilityZones"]),
        "desiredCapacity": live["DesiredCapacity"],
        "enabledMetrics": [one["Metric"] for one in live.get("EnabledMetrics", [])],
        "launchTemplate": parts.template_from_api(live.get("LaunchTemplate", {})),
        "name": name,
        "predictedCapacity": live.get("PredictedCapacity", 0),
        "suspendedProcesses": [one["ProcessName"] for one in live.get("SuspendedProcesses", [])],
        "tags": parts.tags_from_api(live.get("Tags", [])),
        "targetGroupArns": groups,
        "terminationPolicies": policies if policies != ["Default"] or given.get("terminationPolicies") else [],
        "trafficSources": [{"identifier": arn, "type": "elbv2"} for arn in groups],
        "vpcZoneIdentifiers": [one for one in live.get("VPCZoneIdentifier", "").split(",") if one],
        "warmPoolSize": live.get("WarmPoolSize", 0),
    }


def _update(aws: Aws, change: Change) -> None:
    old, new, name = change.old, change.new, change.id
    if change.touches(*SIMPLE, "vpcZoneIdentifiers", "availabilityZones", "launchTemplate", "desiredCapacity"):
        sizes = {"DesiredCapacity": new["desiredCapacity"]} if change.touches("desiredCapacity") else {}
        aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName=name, **_settings(new), **sizes)
    if change.touches("tags"):
        parts.retag(aws, name, old.get("tags") or [], new.get("tags") or [])
    if change.touches("targetGroupArns", "trafficSources"):
        waits.move_groups(aws, name, set(old.get("targetGroupArns") or []), set(parts.target_groups(new)))
    if change.touches("suspendedProcesses"):
        parts.suspend(aws, name, old.get("suspendedProcesses") or [], new.get("suspendedProcesses") or [])
    if change.touches("enabledMetrics", "metricsGranularity"):
        wanted = new.get("enabledMetrics") or []
        parts.collect(aws, name, old.get("enabledMetrics") or [], wanted, new["metricsGranularity"])
    if change.touches(*SIZES):
        waits.exactly(aws, name, {"desiredCapacity": old.get("desiredCapacity"), **new})


def _plan(props: Props) -> list[Failure]:
    template = props["launchTemplate"]
    if template is not UNKNOWN and len({"id", "name"} & set(template)) != 1:
        return [Failure("launchTemplate", "must have exactly one of id, name")]
    timeout = props.get("waitForCapacityTimeout")
    if isinstance(timeout, str):
        try:
            waits.duration(timeout)
        except RefusedError as error:
            return [Failure("waitForCapacityTimeout", str(error))]
    return []


GROUP = AwsType(
    token="aws:autoscaling/group:Group",
    inputs={
        "availabilityZones": strings(computed=True),
        "capacityRebalance": boolean(),
        "defaultCooldown": integer(computed=True),
        "defaultInstanceWarmup": integer(),
        "desiredCapacity": integer(computed=True),
        "desiredCapacityType": text(one_of("units"), local=True),
        "enabledMetrics": strings(),
        "forceDelete": boolean(default=False, local=True),
        "forceDeleteWarmPool": boolean(default=False, local=True),
        "healthCheckGracePeriod": integer(default=300),
        "healthCheckType": text(one_of("EC2", "ELB"), computed=True),
        "ignoreFailedScalingActivities": boolean(default=False, local=True),
        "initialLifecycleHooks": bag(parts.HOOK, replaces=True, local=True),
        "launchTemplate": block(
            {"id": text(computed=True), "name": text(computed=True), "version": text(length(1, 255), computed=True)},
            required=True,
        ),
        "maxInstanceLifetime": integer(between(86400, 31536000, 0)),
        "maxSize": integer(required=True),
        "metricsGranularity": text(one_of("1Minute"), default="1Minute", local=True),
        "minElbCapacity": integer(local=True),
        "minSize": integer(required=True),
        "name": text(length(1, 255), matches(r"[^:]+", "have no colon"), replaces=True),
        "protectFromScaleIn": boolean(default=False),
        "serviceLinkedRoleArn": text(computed=True),
        "suspendedProcesses": strings(),
        "tags": bag(
            block(
                {
                    "key": text(required=True),
                    "value": text(required=True),
                    "propagateAtLaunch": boolean(required=True),
                }
            )
        ),
        "targetGroupArns": strings(computed=True),
        "terminationPolicies": strings(),
        "trafficSources": bag(
            block({"identifier": text(required=True), "type": text(one_of("elbv2"), required=True)}), computed=True
        ),
        "vpcZoneIdentifiers": strings(computed=True),
        "waitForCapacityTimeout": text(default="10m", local=True),
        "waitForElbCapacity": integer(local=True),
    },
    outputs=("arn", "predictedCapacity", "warmPoolSize"),
    autoname="name",
    one_of=(("vpcZoneIdentifiers", "availabilityZones"),),
    at_most_one=(("targetGroupArns", "trafficSources"),),
    create=_create,
    complete=_complete,
    read=_read,
    update=_update,
    delete=waits.delete,
    plan=_plan,
)
