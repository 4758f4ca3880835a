"""Inputs refused by path and reason, or completed with names, defaults and the region."""

import re
from typing import Any

import pytest

from rehearsal.aws_provider.services.registry import TYPES
from rehearsal.provider.check import DEFAULTS, check
from rehearsal.provider.values import UNKNOWN
from tests.rehearsal.aws_provider.world import FIXED, forward

TARGET_GROUP = {"port": 80, "protocol": "HTTP", "vpcId": "vpc-1"}
RULE = {"listenerArn": "l", "conditions": [{"pathPattern": {"values": ["/*"]}}], "actions": forward(("a", 1))}
LISTENER = {"loadBalancerArn": "lb", "port": 80, "defaultActions": FIXED}
GROUP = {"minSize": 0, "maxSize": 1, "launchTemplate": {"id": "lt-1"}, "vpcZoneIdentifiers": ["subnet-1"]}
INGRESS = {"securityGroupId": "sg-1", "ipProtocol": "tcp", "fromPort": 80, "toPort": 80, "cidrIpv4": "10.0.0.0/8"}
ROLE = {"assumeRolePolicy": "{}"}

REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("TargetGroup", {**TARGET_GROUP, "color": "red"}, "color", "unknown property"),
    ("TargetGroup", {"port": 80, "protocol": "HTTP"}, "vpcId", "missing required property"),
    ("TargetGroup", {**TARGET_GROUP, "port": "80"}, "port", "must be a whole number, not '80'"),
    ("TargetGroup", {**TARGET_GROUP, "port": 80.5}, "port", "must be a whole number, not 80.5"),
    ("TargetGroup", {**TARGET_GROUP, "port": True}, "port", "must be a whole number, not True"),
    ("TargetGroup", {**TARGET_GROUP, "port": 0}, "port", "0 must be from 1 to 65535"),
    ("TargetGroup", {**TARGET_GROUP, "name": "a" * 33}, "name", "must have 1 to 32 characters, not 33"),
    ("TargetGroup", {**TARGET_GROUP, "name": "-a"}, "name", "must not begin with a hyphen"),
    ("TargetGroup", {**TARGET_GROUP, "name": "a_b"}, "name", "must have only letters, digits and hyphens"),
    ("TargetGroup", {**TARGET_GROUP, "deregistrationDelay": 3601}, "deregistrationDelay", "from 0 to 3600"),
    ("TargetGroup", {**TARGET_GROUP, "slowStart": 10}, "slowStart", "from 30 to 900, or 0"),
    ("TargetGroup", {**TARGET_GROUP, "healthCheck": {"interval": 4}}, "healthCheck.interval", "from 5 to 300"),
    ("TargetGroup", {**TARGET_GROUP, "healthCheck": {"path": "up"}}, "healthCheck.path", "begin with a slash"),
    ("TargetGroup", {**TARGET_GROUP, "healthCheck": {"protocol": "TCP"}}, "healthCheck.protocol", "must not be TCP"),
    ("TargetGroup", {**TARGET_GROUP, "stickiness": {}}, "stickiness.type", "missing required property"),
    ("TargetGroup", {**TARGET_GROUP, "tags": {"a": 1}}, 'tags["a"]', "must be a string, not 1"),
    ("LoadBalancer", {"name": "internal-a", "subnets": ["s"]}, "name", "must not begin with internal-"),
    ("LoadBalancer", {}, "subnets", "exactly one of subnets, subnetMappings must be given, none is"),
    ("LoadBalancer", {"subnets": ["s"], "subnetMappings": [{"subnetId": "s"}]}, "subnets", "these are: subnets, sub"),
    ("Listener", {**LISTENER, "defaultActions": [{"type": "forward"}]}, "defaultActions[0]", "needs targetGroupArn or"),
    ("Listener", {**LISTENER, "defaultActions": [{"type": "redirect"}]}, "defaultActions[0]", "needs a redirect block"),
    ("Listener", {**LISTENER, "protocol": "HTTPS"}, "certificateArn", "must be given with protocol HTTPS"),
    (
        "Listener",
        {
            **LISTENER,
            "defaultActions": [{**FIXED[0], "fixedResponse": {"contentType": "text/xml", "statusCode": "503"}}],
        },
        "defaultActions[0].fixedResponse.contentType",
        "must be one of text/plain",
    ),
    ("ListenerRule", {**RULE, "priority": 50001}, "priority", "from 1 to 50000"),
    ("ListenerRule", {**RULE, "conditions": []}, "conditions", "needs at least 1, has 0"),
    ("ListenerRule", {**RULE, "conditions": [{}]}, "conditions[0]", "must have exactly one of hostHeader"),
    (
        "ListenerRule",
        {**RULE, "conditions": [{"hostHeader": {"values": list("abc")}}, {"pathPattern": {"values": list("def")}}]},
        "conditions",
        "have 6 values; a rule takes at most 5",
    ),
    (
        "ListenerRule",
        {**RULE, "conditions": [{"sourceIp": {"values": ["10.0.0.1/8"]}}]},
        "conditions[0].sourceIp.values[0]",
        "host bits set",
    ),
    (
        "ListenerRule",
        {**RULE, "actions": forward(*[(name, 1) for name in "abcdef"])},
        "actions[0].forward.targetGroups",
        "takes at most 5, has 6",
    ),
    (
        "ListenerRule",
        {**RULE, "actions": forward(("a", 1000))},
        "actions[0].forward.targetGroups[0].weight",
        "0 to 999",
    ),
    ("ListenerRule", {**RULE, "actions": forward(("a", -1))}, "actions[0].forward.targetGroups[0].weight", "0 to 999"),
    (
        "ListenerRule",
        {**RULE, "actions": [{**forward(("a", 1))[0], "targetGroupArn": "a"}]},
        "actions[0].targetGroupArn",
        "must not be given beside a forward block",
    ),
    ("Group", {**GROUP, "launchTemplate": {}}, "launchTemplate", "must have exactly one of id, name"),
    ("Group", {**GROUP, "launchTemplate": {"id": "lt-1", "version": 1}}, "launchTemplate.version", "must be a string"),
    ("Group", {**GROUP, "availabilityZones": ["a"]}, "vpcZoneIdentifiers", "exactly one of"),
    (
        "Group",
        {**GROUP, "targetGroupArns": [], "trafficSources": []},
        "trafficSources",
        "conflicts with targetGroupArns",
    ),
    ("Group", {**GROUP, "waitForCapacityTimeout": "10"}, "waitForCapacityTimeout", "must be a duration"),
    ("Group", {**GROUP, "tags": {"a": "b"}}, "tags", "must be a list without order"),
    ("LaunchTemplate", {"userData": "#!"}, "userData", "must be base64"),
    ("LaunchTemplate", {"metadataOptions": {"httpTokens": "on"}}, "metadataOptions.httpTokens", "optional, required"),
    ("LaunchTemplate", {"iamInstanceProfile": {"arn": "a", "name": "b"}}, "iamInstanceProfile.name", "conflicts with"),
    (
        "LaunchTemplate",
        {"vpcSecurityGroupIds": ["sg-1"], "networkInterfaces": [{"deviceIndex": 0}]},
        "vpcSecurityGroupIds",
        "beside networkInterfaces",
    ),
    ("Vpc", {"cidrBlock": "10.0.0.0/8"}, "cidrBlock", "must have a prefix from /16 to /28"),
    ("Vpc", {"cidrBlock": "10.0.0.1/16"}, "cidrBlock", "host bits set"),
    ("Route", {"routeTableId": "rtb-1", "destinationCidrBlock": "0.0.0.0/0"}, "gatewayId", "exactly one of gatewayId"),
    ("NatGateway", {"subnetId": "subnet-1"}, "allocationId", "must be given with connectivityType public"),
    ("SecurityGroup", {"name": "sg-mine"}, "name", "must not begin with sg-"),
    ("SecurityGroupIngressRule", {**INGRESS, "cidrIpv6": "::/0"}, "cidrIpv4", "exactly one of cidrIpv4"),
    ("SecurityGroupIngressRule", {**INGRESS, "ipProtocol": "-1"}, "fromPort", "must be left out"),
    ("SecurityGroupIngressRule", {**INGRESS, "toPort": 65536}, "toPort", "from -1 to 65535"),
    ("Role", {**ROLE, "assumeRolePolicy": "{"}, "assumeRolePolicy", "must be JSON"),
    ("Role", {**ROLE, "maxSessionDuration": 60}, "maxSessionDuration", "from 3600 to 43200"),
    ("RolePolicy", {"policy": "{}", "role": "arn:aws:iam::1:role/a"}, "role", "must not be an ARN"),
    ("RolePolicyAttachment", {"policyArn": "ReadOnly", "role": "a"}, "policyArn", "must be an ARN"),
    ("Bucket", {"bucket": "Logs"}, "bucket", "have only small letters"),
    ("BucketVersioning", {"bucket": "a", "versioningConfiguration": {}}, "versioningConfiguration.status", "missing"),
]


@pytest.mark.parametrize(
    ("kind", "inputs", "path", "reason"), REFUSED, ids=[f"{kind} {path}" for kind, _, path, _ in REFUSED]
)
def test_what_the_real_provider_refuses_is_refused_by_path(
    kind: str, inputs: dict[str, Any], path: str, reason: str
) -> None:
    _, failures = check(_type(kind), {}, inputs, logical="it", given_to_all={"region": "us-east-1"})
    assert [one.path for one in failures] == [path]
    assert reason in failures[0].reason


@pytest.mark.parametrize("kind", TYPES.values(), ids=TYPES)
def test_values_that_only_up_will_know_are_not_validated(kind: Any) -> None:
    first_of_each = {names[0] for names in kind.one_of}
    others = {name for names in (*kind.one_of, *kind.at_most_one) for name in names} - first_of_each
    unknown = {name: UNKNOWN for name in kind.inputs if name not in others}
    unknown.pop("networkInterfaces", None)
    _, failures = check(kind, {}, unknown, logical="it", given_to_all={"region": "us-east-1"})
    assert failures == []


def test_a_name_is_made_once_and_then_kept() -> None:
    first, _ = check(
        _type("TargetGroup"),
        {},
        TARGET_GROUP,
        logical="shop-v1",
        given_to_all={"region": "us-east-1"},
        seed=bytes(range(9)),
    )
    assert first["name"] == "shop-v1-0001020"
    again, _ = check(
        _type("TargetGroup"),
        first,
        TARGET_GROUP,
        logical="shop-v1",
        given_to_all={"region": "us-east-1"},
        seed=b"other",
    )
    assert again["name"] == first["name"]


def test_without_a_seed_two_names_differ() -> None:
    names = {check(_type("Role"), {}, ROLE, logical="a", given_to_all={"region": "r"})[0]["name"] for _ in range(2)}
    assert len(names) == 2
    assert all(re.fullmatch(r"a-[0-9a-f]{7}", name) for name in names)


def test_a_name_the_program_gave_before_is_not_kept() -> None:
    given, _ = check(
        _type("TargetGroup"), {}, {**TARGET_GROUP, "name": "fixed"}, logical="a", given_to_all={"region": "us-east-1"}
    )
    assert "name" not in given[DEFAULTS]
    made, _ = check(_type("TargetGroup"), given, TARGET_GROUP, logical="a", given_to_all={"region": "us-east-1"})
    assert made["name"].startswith("a-")


def test_a_logical_name_that_makes_too_long_a_name_is_refused() -> None:
    _, failures = check(_type("TargetGroup"), {}, TARGET_GROUP, logical="a" * 25, given_to_all={"region": "us-east-1"})
    assert [one.path for one in failures] == ["name"]


def test_a_buckets_name_is_made_of_small_letters() -> None:
    inputs, failures = check(_type("Bucket"), {}, {}, logical="ShopData", given_to_all={"region": "us-east-1"})
    assert failures == []
    assert inputs["bucket"].startswith("shopdata-")


def test_defaults_are_written_into_the_inputs_inside_blocks_too() -> None:
    inputs, _ = check(
        _type("TargetGroup"), {}, {**TARGET_GROUP, "healthCheck": {}}, logical="a", given_to_all={"region": "us-east-1"}
    )
    assert inputs["deregistrationDelay"] == 300
    assert inputs["healthCheck"] == {
        "enabled": True,
        "healthyThreshold": 3,
        "unhealthyThreshold": 3,
        "interval": 30,
        "port": "traffic-port",
        "protocol": "HTTP",
    }
    rule, _ = check(
        _type("ListenerRule"),
        {},
        {**RULE, "actions": [{"type": "forward", "forward": {"targetGroups": [{"arn": "a"}]}}]},
        logical="a",
        given_to_all={"region": "us-east-1"},
    )
    assert rule["actions"][0]["forward"]["targetGroups"] == [{"arn": "a", "weight": 1}]


def test_the_region_is_filled_in_for_all_but_iam() -> None:
    assert (
        check(_type("Vpc"), {}, {"cidrBlock": "10.0.0.0/16"}, logical="a", given_to_all={"region": "eu-west-1"})[0][
            "region"
        ]
        == "eu-west-1"
    )
    assert "region" not in check(_type("Role"), {}, ROLE, logical="a", given_to_all={"region": "eu-west-1"})[0]


def _type(name: str) -> Any:
    return next(kind for token, kind in TYPES.items() if token.endswith(f":{name}"))
