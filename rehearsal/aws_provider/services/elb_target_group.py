"""aws:lb/targetGroup:TargetGroup, for instances and addresses"""

from typing import Any

from rehearsal.aws_provider import tagging
from rehearsal.aws_provider.cloud import Aws, found, unless
from rehearsal.aws_provider.schema import AwsType, tags
from rehearsal.aws_provider.services.elb_names import NAME, from_attributes, suffix, to_attributes
from rehearsal.provider.errors import RefusedError
from rehearsal.provider.rules import between, length, matches, one_of
from rehearsal.provider.schema import Change, Failure, block, boolean, integer, text
from rehearsal.provider.values import Props

GONE = "TargetGroupNotFound"
DELETE_SECONDS = 120.0
ATTRIBUTES: dict[str, tuple[str, Any]] = {
    "deregistrationDelay": ("deregistration_delay.timeout_seconds", 300),
    "loadBalancingAlgorithmType": ("load_balancing.algorithm.type", "round_robin"),
    "loadBalancingAnomalyMitigation": ("load_balancing.algorithm.anomaly_mitigation", "off"),
    "loadBalancingCrossZoneEnabled": ("load_balancing.cross_zone.enabled", "use_load_balancer_configuration"),
    "slowStart": ("slow_start.duration_seconds", 0),
}
STICKINESS: dict[str, tuple[str, Any]] = {
    "enabled": ("stickiness.enabled", False),
    "type": ("stickiness.type", "lb_cookie"),
    "cookieDuration": ("stickiness.lb_cookie.duration_seconds", 86400),
}
HEALTH = {
    "enabled": "HealthCheckEnabled",
    "healthyThreshold": "HealthyThresholdCount",
    "unhealthyThreshold": "UnhealthyThresholdCount",
    "interval": "HealthCheckIntervalSeconds",
    "timeout": "HealthCheckTimeoutSeconds",
    "port": "HealthCheckPort",
    "protocol": "HealthCheckProtocol",
    "path": "HealthCheckPath",
}


def _create(aws: Aws, props: Props) -> str:
    name = props["name"]
    if found(lambda: aws.elbv2.describe_target_groups(Names=[name])["TargetGroups"], GONE):
        raise RefusedError(f"ELBv2 Target Group ({name}) already exists")
    names = {"protocolVersion": "ProtocolVersion", "ipAddressType": "IpAddressType"}
    made = aws.elbv2.create_target_group(
        Name=name,
        Port=props["port"],
        Protocol=props["protocol"],
        VpcId=props["vpcId"],
        TargetType=props["targetType"],
        **{theirs: props[ours] for ours, theirs in names.items() if props.get(ours)},
        **_health(props.get("healthCheck") or HEALTH_DEFAULTS),
        **({"Tags": tagging.to_list(props["tagsAll"])} if props["tagsAll"] else {}),
    )
    return made["TargetGroups"][0]["TargetGroupArn"]


def _health(check: Props) -> dict[str, Any]:
    matcher = {"Matcher": {"HttpCode": check["matcher"]}} if check.get("matcher") else {}
    return {**{theirs: check[ours] for ours, theirs in HEALTH.items() if ours in check}, **matcher}


def _complete(aws: Aws, arn: str, props: Props) -> None:
    _set_attributes(aws, arn, props, [*ATTRIBUTES, "stickiness"])


def _set_attributes(aws: Aws, arn: str, props: Props, names: list[str]) -> None:
    given = {name: props[name] for name in names if name in props}
    wanted = [*to_attributes(given, ATTRIBUTES), *to_attributes(given.get("stickiness", {}), STICKINESS)]
    if wanted:
        aws.elbv2.modify_target_group_attributes(TargetGroupArn=arn, Attributes=wanted)


def _read(aws: Aws, arn: str, _given: Props) -> Props | None:
    answer = found(lambda: aws.elbv2.describe_target_groups(TargetGroupArns=[arn]), GONE)
    if not answer or not answer["TargetGroups"]:
        return None
    live = answer["TargetGroups"][0]
    attributes = aws.elbv2.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    return {
        "arn": arn,
        "arnSuffix": suffix(arn),
        "healthCheck": {
            **{ours: live.get(theirs) for ours, theirs in HEALTH.items()},
            "matcher": live.get("Matcher", {}).get("HttpCode"),
        },
        "ipAddressType": live.get("IpAddressType", "ipv4"),
        "loadBalancerArns": sorted(set(live.get("LoadBalancerArns", []))),
        "name": live["TargetGroupName"],
        "port": live["Port"],
        "protocol": live["Protocol"],
        "protocolVersion": live.get("ProtocolVersion", "HTTP1"),
        "stickiness": from_attributes(attributes, STICKINESS),
        "targetType": live["TargetType"],
        "vpcId": live["VpcId"],
        **from_attributes(attributes, ATTRIBUTES),
        "tagsAll": tagging.elb_tags(aws, arn),
    }


def _update(aws: Aws, change: Change) -> None:
    if change.touches("healthCheck"):
        aws.elbv2.modify_target_group(TargetGroupArn=change.id, **_health(change.new["healthCheck"]))
    names = [name for name in [*ATTRIBUTES, "stickiness"] if change.touches(name)]
    _set_attributes(aws, change.id, change.new, names)
    tagging.elb_retag(aws, change)


def _delete(aws: Aws, arn: str, _olds: Props) -> None:
    def delete() -> None:
        with unless(GONE):
            aws.elbv2.delete_target_group(TargetGroupArn=arn)

    aws.deleting(delete, ("ResourceInUse",), DELETE_SECONDS)  # a constant of the real provider too


def _plan(props: Props) -> list[Failure]:
    check = props.get("healthCheck")
    if isinstance(check, dict) and check.get("protocol") == "TCP":
        return [Failure("healthCheck.protocol", f"must not be TCP for a group of protocol {props['protocol']}")]
    return []


HEALTH_DEFAULTS = {"enabled": True, "healthyThreshold": 3, "unhealthyThreshold": 3, "interval": 30}
TARGET_GROUP = AwsType(
    token="aws:lb/targetGroup:TargetGroup",
    inputs={
        "deregistrationDelay": integer(between(0, 3600), default=300),
        "healthCheck": block(
            {
                "enabled": boolean(default=True),
                "healthyThreshold": integer(between(2, 10), default=3),
                "unhealthyThreshold": integer(between(2, 10), default=3),
                "interval": integer(between(5, 300), default=30),
                "timeout": integer(between(2, 120), computed=True),
                "port": text(
                    matches(r"traffic-port|[1-9]\d{0,4}", "be traffic-port or a port"), default="traffic-port"
                ),
                "protocol": text(one_of("HTTP", "HTTPS", "TCP"), default="HTTP"),
                "path": text(length(1, 1024), matches("/.*", "begin with a slash"), computed=True),
                "matcher": text(matches(r"[\d,-]+", "be codes such as 200, 200-299"), computed=True),
            },
            computed=True,
        ),
        "ipAddressType": text(one_of("ipv4", "ipv6"), computed=True, replaces=True),
        "loadBalancingAlgorithmType": text(
            one_of("round_robin", "least_outstanding_requests", "weighted_random"), computed=True
        ),
        "loadBalancingAnomalyMitigation": text(one_of("on", "off"), computed=True),
        "loadBalancingCrossZoneEnabled": text(
            one_of("true", "false", "use_load_balancer_configuration"), computed=True
        ),
        "name": text(*NAME, replaces=True),
        "port": integer(between(1, 65535), required=True, replaces=True),
        "protocol": text(one_of("HTTP", "HTTPS"), required=True, replaces=True),
        "protocolVersion": text(one_of("HTTP1", "HTTP2", "GRPC"), computed=True, replaces=True),
        "slowStart": integer(between(30, 900, 0), default=0),
        "stickiness": block(
            {
                "type": text(one_of("lb_cookie"), required=True),
                "cookieDuration": integer(between(0, 604800), default=86400),
                "enabled": boolean(default=True),
            },
            computed=True,
        ),
        "targetType": text(one_of("instance", "ip"), default="instance", replaces=True),
        "vpcId": text(required=True, replaces=True),
        **tags(),
    },
    outputs=("arn", "arnSuffix", "loadBalancerArns"),
    autoname="name",
    create=_create,
    complete=_complete,
    read=_read,
    update=_update,
    delete=_delete,
    plan=_plan,
)
