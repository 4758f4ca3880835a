"""What Elastic Load Balancing refuses and moto does not.

In: the cloud and a call's parameters. Out: nothing, or `RefusedError` with AWS's own code.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rehearsal.cloud.calls import RefusedError
from rehearsal.cloud.cloud import Cloud

Params = Mapping[str, Any]
Check = Callable[[Cloud, Params], None]

MOST_GROUPS = 5  # in one forward action
MOST_WEIGHT = 999
MOST_TAGS = 50
NAME = re.compile(r"(?!internal-)(?!-)(?!.*-$)[A-Za-z0-9-]{1,32}")
TAG_VALUE = re.compile(r"[\w\s.:/=+\-@]{0,256}")
HEALTH_CHECK = {
    "HealthCheckIntervalSeconds": (5, 300),
    "HealthCheckTimeoutSeconds": (2, 120),
    "HealthyThresholdCount": (2, 10),
    "UnhealthyThresholdCount": (2, 10),
}


def balancer_name(cloud: Cloud, params: Params) -> None:
    """CreateLoadBalancer: a name that is allowed, and not taken."""
    name = params.get("Name", "")
    if not NAME.fullmatch(name):
        raise RefusedError(
            "ValidationError",
            f"Load balancer name '{name}' must have at most 32 characters, only letters, digits and hyphens, must not "
            "begin or end with a hyphen and must not begin with 'internal-'",
        )
    if any(one.name == name for one in cloud.backends.elbv2.load_balancers.values()):
        raise RefusedError(
            "DuplicateLoadBalancerName",
            f"A load balancer with the same name '{name}' exists already",
        )


def zones(cloud: Cloud, params: Params) -> None:
    """CreateLoadBalancer: two subnets in two zones at least."""
    subnets = params.get("Subnets") or [one["SubnetId"] for one in params.get("SubnetMappings", [])]
    known = [one for one in cloud.backends.ec2.describe_subnets() if one.id in subnets]
    if len(known) == len(subnets) and len({one.availability_zone for one in known}) < 2:
        raise RefusedError(
            "ValidationError", "At least two subnets in two different Availability Zones must be specified"
        )


def deletion_protection(cloud: Cloud, params: Params) -> None:
    """DeleteLoadBalancer: not while it is protected."""
    arn = params.get("LoadBalancerArn", "")
    balancer = cloud.backends.elbv2.load_balancers.get(arn)
    if balancer and balancer.attrs.get("deletion_protection.enabled") == "true":
        raise RefusedError(
            "OperationNotPermitted",
            f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
        )


def listener_port(cloud: Cloud, params: Params) -> None:
    """CreateListener: a port that no listener of the load balancer has."""
    balancer = cloud.backends.elbv2.load_balancers.get(params.get("LoadBalancerArn", ""))
    if balancer and any(str(one.port) == params.get("Port") for one in balancer.listeners.values()):
        raise RefusedError("DuplicateListener", "A listener already exists on this port for this load balancer")


def group_count(code: str) -> Check:
    """At most five target groups in a forward action; *code*: what the operation answers to more."""

    def check(_: Cloud, params: Params) -> None:
        for action in _actions(params):
            if len(_forwarded(action)) > MOST_GROUPS:
                raise RefusedError(code, f"A forward action can have at most {MOST_GROUPS} target groups")

    return check


def weights(_: Cloud, params: Params) -> None:
    """Weights from 0 to 999."""
    for position, action in enumerate(_actions(params), 1):
        for number, group in enumerate(_forwarded(action), 1):
            weight = group.get("Weight", "1")
            if not 0 <= int(weight) <= MOST_WEIGHT:
                bound = "greater than or equal to 0" if int(weight) < 0 else f"less than or equal to {MOST_WEIGHT}"
                at = f"actions.{position}.member.forwardConfig.targetGroups.{number}.member.weight"
                raise RefusedError(
                    "ValidationError",
                    f"1 validation error detected: Value '{weight}' at '{at}' failed to satisfy constraint: "
                    f"Member must have value {bound}",
                )


def one_balancer(cloud: Cloud, params: Params) -> None:
    """A target group serves one load balancer only."""
    arn = params.get("LoadBalancerArn") or _balancer_of(params.get("ListenerArn") or params.get("RuleArn", ""))
    used = cloud.world().used()
    for action in _actions(params):
        for group in [one["TargetGroupArn"] for one in (*_forwarded(action), action) if "TargetGroupArn" in one]:
            if group in used and used[group].arn != arn:
                raise RefusedError(
                    "TargetGroupAssociationLimit",
                    f"The following target groups cannot be associated with more than one load balancer: {group}",
                )


def query_keys(_: Cloud, params: Params) -> None:
    """The one condition that the balancer here does not have."""
    for condition in params.get("Conditions") or []:
        values = condition.get("QueryStringConfig", {}).get("Values", [])
        if any(not value.get("Key") for value in values):
            raise RefusedError(
                "InvalidConfigurationRequest",
                "the rehearsal cloud has no query-string condition without a Key; give the Key",
            )


def health_check(_: Cloud, params: Params) -> None:
    """CreateTargetGroup, ModifyTargetGroup: numbers within their ranges."""
    for name, (least, most) in HEALTH_CHECK.items():
        value = params.get(name)
        if value is not None and not least <= int(value) <= most:
            raise RefusedError("ValidationError", f"{name} '{value}' must be between {least} and {most}")


def tags(_: Cloud, params: Params) -> None:
    """Tag values that are allowed; what moto allows is wider."""
    for tag in params.get("Tags") or []:
        if not TAG_VALUE.fullmatch(tag.get("Value", "")):
            raise RefusedError(
                "ValidationError",
                f"The value of tag '{tag['Key']}' must have at most 256 letters, digits, spaces and _.:/=+-@",
            )


CHECKS: dict[str, tuple[Check, ...]] = {
    "CreateLoadBalancer": (balancer_name, zones, tags),
    "DeleteLoadBalancer": (deletion_protection,),
    "CreateTargetGroup": (health_check, tags),
    "ModifyTargetGroup": (health_check,),
    "CreateListener": (listener_port, group_count("TooManyTargetGroups"), weights, one_balancer, tags),
    "ModifyListener": (group_count("TooManyTargetGroups"), weights, one_balancer),
    "CreateRule": (group_count("TooManyTargetGroups"), weights, one_balancer, query_keys, tags),
    "ModifyRule": (group_count("ValidationError"), weights, one_balancer, query_keys),
    "AddTags": (tags,),
}


def _actions(params: Params) -> Iterator[Params]:
    yield from params.get("Actions") or params.get("DefaultActions") or []


def _forwarded(action: Params) -> list[Params]:
    return action.get("ForwardConfig", {}).get("TargetGroups", [])


def _balancer_of(arn: str) -> str:
    """The load balancer's ARN from that of its listener or rule."""
    kind, *rest = arn.rsplit(":", maxsplit=1)[-1].split("/")
    cut = {"listener": 1, "listener-rule": 2}.get(kind, 0)
    path = "/".join(rest[: len(rest) - cut])
    return f"{arn.rsplit(':', maxsplit=1)[0]}:loadbalancer/{path}"
