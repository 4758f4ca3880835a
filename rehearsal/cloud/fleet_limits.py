"""What Auto Scaling and EC2 refuse and moto does not.

In: the cloud and a call's parameters. Out: nothing, or `RefusedError` with AWS's own code.
"""

from collections.abc import Iterator
from typing import Any

from moto.ec2.exceptions import EC2ClientError

from rehearsal.cloud.balancing_limits import Check, Params
from rehearsal.cloud.calls import RefusedError
from rehearsal.cloud.cloud import Cloud

INVALID = "ValidationError"
MOST_PROTECTED = 50  # instances in one SetInstanceProtection


def new_name(cloud: Cloud, params: Params) -> None:
    """CreateAutoScalingGroup: a name that is not taken."""
    name = params.get("AutoScalingGroupName")
    if name in cloud.backends.autoscaling.autoscaling_groups:
        raise RefusedError(
            "AlreadyExists",
            f"AutoScalingGroup by this name already exists - A group with the name {name} already exists",
        )


def sizes(cloud: Cloud, params: Params) -> None:
    """Minimum ≤ desired ≤ maximum, whichever of them a call sets."""
    group = cloud.backends.autoscaling.autoscaling_groups.get(params.get("AutoScalingGroupName", ""))
    least, most = (_size(params, group, name) for name in ("MinSize", "MaxSize"))
    if least > most:
        raise RefusedError(INVALID, f"Max bound, {most}, must be greater than or equal to min bound, {least}")
    desired = params.get("DesiredCapacity")
    if desired is not None and not least <= int(desired) <= most:
        side = f"below min value {least}" if int(desired) < least else f"above max value {most}"
        raise RefusedError(INVALID, f"New SetDesiredCapacity value {desired} is {side} for the AutoScalingGroup.")


def _size(params: Params, group: Any, name: str) -> int:
    if name in params:
        return int(params[name])
    return {"MinSize": group.min_size, "MaxSize": group.max_size}[name] if group else 0


def template_image(cloud: Cloud, params: Params) -> None:
    """A fleet's launch template names an image that exists."""
    given = params.get("LaunchTemplate") or {}
    try:
        if "LaunchTemplateId" in given:
            template = cloud.backends.ec2.get_launch_template(given["LaunchTemplateId"])
        elif "LaunchTemplateName" in given:
            template = cloud.backends.ec2.get_launch_template_by_name(given["LaunchTemplateName"])
        else:
            return
    except EC2ClientError as error:
        raise RefusedError(INVALID, f"You must use a valid fully-formed launch template. {error.message}") from None
    image = template.get_version(given.get("Version", "$Default")).image_id
    if image not in cloud.backends.ec2.amis:
        raise RefusedError(
            INVALID,
            f"You must use a valid fully-formed launch template. The image id '[{image}]' does not exist",
        )


def empty_fleet(cloud: Cloud, params: Params) -> None:
    """DeleteAutoScalingGroup: only an empty group goes, unless it is forced."""
    name = params.get("AutoScalingGroupName", "")
    group = cloud.backends.autoscaling.autoscaling_groups.get(name)
    if group is None or params.get("ForceDelete") == "true":
        return
    if group.instance_states:
        raise RefusedError(
            "ResourceInUse",
            "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still "
            "in the group.",
        )
    if cloud.instances.leaving(name):
        raise RefusedError(
            "ScalingActivityInProgress",
            "You cannot delete an AutoScalingGroup while there are scaling activities in progress for that group.",
        )


def protectable(cloud: Cloud, params: Params) -> None:
    """SetInstanceProtection: at most fifty instances, of this group, and in service; one that is not spoils all."""
    name, asked = params.get("AutoScalingGroupName", ""), params.get("InstanceIds") or []
    group = cloud.backends.autoscaling.autoscaling_groups.get(name)
    if group is None:
        raise RefusedError(INVALID, f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
    if len(asked) > MOST_PROTECTED:
        raise RefusedError(INVALID, f"You can specify at most {MOST_PROTECTED} instances, and gave {len(asked)}.")
    states = {one.instance.id: one.lifecycle_state for one in group.instance_states}
    states |= dict.fromkeys(cloud.instances.leaving(name), "Terminating")
    for instance in asked:
        if instance not in states:
            raise RefusedError(INVALID, f"The instance {instance} is not part of Auto Scaling group {name}.")
        if states[instance] not in ("InService", "EnteringStandby", "Standby"):
            raise RefusedError(INVALID, f"The instance {instance} is not in InService or EnteringStandby or Standby.")


def image_exists(cloud: Cloud, params: Params) -> None:
    """RunInstances: an image that exists."""
    image = params.get("ImageId")
    if image and image not in cloud.backends.ec2.amis:
        raise RefusedError("InvalidAMIID.NotFound", f"The image id '[{image}]' does not exist")


def security_group_unused(cloud: Cloud, params: Params) -> None:
    """DeleteSecurityGroup: not while a load balancer, a machine or another group's rule has it."""
    group = params.get("GroupId", "")
    balancers = cloud.backends.elbv2.load_balancers.values()
    machines = (one for data in _templates(cloud) for one in _security_groups(data))
    if any(group in one.security_groups for one in balancers) or group in machines or _referenced(cloud, group):
        raise RefusedError("DependencyViolation", f"resource {group} has a dependent object")


def subnet_unused(cloud: Cloud, params: Params) -> None:
    """DeleteSubnet: not while a load balancer, a machine or a NAT gateway is in it."""
    subnet = params.get("SubnetId", "")
    ec2 = cloud.backends.ec2
    balancers = cloud.backends.elbv2.load_balancers.values()
    gateways = (one for one in ec2.nat_gateways.values() if one.state not in ("deleted", "failed"))
    if (
        any(subnet in (one.id for one in balancer.subnets) for balancer in balancers)
        or any(subnet in (fleet.vpc_zone_identifier or "").split(",") for fleet in _peopled(cloud))
        or any(one.subnet_id == subnet for one in gateways)
    ):
        raise RefusedError("DependencyViolation", f"The subnet '{subnet}' has dependencies and cannot be deleted.")


def _peopled(cloud: Cloud) -> Iterator[Any]:
    """moto's groups that have a machine still, be it a leaving one."""
    for name, fleet in cloud.backends.autoscaling.autoscaling_groups.items():
        if fleet.instance_states or cloud.instances.leaving(name):
            yield fleet


def _templates(cloud: Cloud) -> Iterator[Params]:
    for fleet in _peopled(cloud):
        if fleet.ec2_launch_template:
            yield fleet.ec2_launch_template.get_version(fleet.launch_template_version).data


def _security_groups(template: Params) -> Iterator[str]:
    yield from template.get("SecurityGroupIds", [])
    for interface in template.get("NetworkInterfaces", []):
        yield from interface.get("Groups", [])


def _referenced(cloud: Cloud, group: str) -> bool:
    """Whether a rule of another security group names *group*."""
    others = (one for groups in cloud.backends.ec2.groups.values() for one in groups.values() if one.id != group)
    return any(
        rule.source_group.get("GroupId") == group
        for other in others
        for rule in [*other.ingress_rules, *other.egress_rules]
    )


CHECKS: dict[str, dict[str, tuple[Check, ...]]] = {
    "autoscaling": {
        "CreateAutoScalingGroup": (new_name, sizes, template_image),
        "UpdateAutoScalingGroup": (sizes, template_image),
        "SetDesiredCapacity": (sizes,),
        "DeleteAutoScalingGroup": (empty_fleet,),
        "SetInstanceProtection": (protectable,),
    },
    "ec2": {
        "RunInstances": (image_exists,),
        "DeleteSecurityGroup": (security_group_unused,),
        "DeleteSubnet": (subnet_unused,),
    },
}
