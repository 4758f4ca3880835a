"""Who still holds a subnet or a security group: AWS answers DependencyViolation, the local AWS lets both go."""

from collections.abc import Iterable
from typing import Any

from rehearsal.aws_provider.cloud import Aws, pages
from rehearsal.provider.errors import InUseError

LIVING = ["pending", "running", "stopping", "stopped", "shutting-down"]


def refuse_if_subnet_is_held(aws: Aws, subnet: str) -> None:
    """Raise InUseError when a load balancer, a fleet, an instance or a NAT gateway lies in *subnet*."""
    fleets = pages(aws.autoscaling, "describe_auto_scaling_groups", "AutoScalingGroups")
    holders = [
        *(_name(one) for one in _balancers(aws) if subnet in [zone["SubnetId"] for zone in one["AvailabilityZones"]]),
        *(one["AutoScalingGroupName"] for one in fleets if subnet in one.get("VPCZoneIdentifier", "").split(",")),
        *_instances(aws, "subnet-id", subnet),
        *_nat_gateways(aws, subnet),
    ]
    _refuse("subnet", subnet, holders)


def refuse_if_group_is_held(aws: Aws, group: str) -> None:
    """Raise InUseError when a load balancer, an instance or another group's rule names *group*."""
    others = pages(aws.ec2, "describe_security_groups", "SecurityGroups")
    holders = [
        *(_name(one) for one in _balancers(aws) if group in one.get("SecurityGroups", [])),
        *(one["GroupId"] for one in others if one["GroupId"] != group and group in _named_by(one)),
        *_instances(aws, "instance.group-id", group),
    ]
    _refuse("security group", group, holders)


def _balancers(aws: Aws) -> list[dict[str, Any]]:
    return pages(aws.elbv2, "describe_load_balancers", "LoadBalancers")


def _name(balancer: dict[str, Any]) -> str:
    return balancer["LoadBalancerName"]


def _instances(aws: Aws, by: str, value: str) -> list[str]:
    """Instances, not interfaces: the local AWS leaves the interfaces of what is gone behind."""
    wanted = [{"Name": by, "Values": [value]}, {"Name": "instance-state-name", "Values": LIVING}]
    reservations = pages(aws.ec2, "describe_instances", "Reservations", Filters=wanted)
    return [one["InstanceId"] for reservation in reservations for one in reservation["Instances"]]


def _nat_gateways(aws: Aws, subnet: str) -> list[str]:
    answer = aws.ec2.describe_nat_gateways(Filters=[{"Name": "subnet-id", "Values": [subnet]}])
    return [one["NatGatewayId"] for one in answer["NatGateways"] if one["State"] not in ("deleted", "deleting")]


def _named_by(group: dict[str, Any]) -> set[str]:
    permissions = [*group["IpPermissions"], *group["IpPermissionsEgress"]]
    return {pair.get("GroupId", "") for one in permissions for pair in one.get("UserIdGroupPairs", [])}


def _refuse(what: str, resource_id: str, holders: Iterable[str]) -> None:
    if names := sorted(holders):
        raise InUseError(f"DependencyViolation: {what} {resource_id} has dependent objects: {', '.join(names)}")
