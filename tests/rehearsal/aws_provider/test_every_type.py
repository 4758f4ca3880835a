"""Each type through its life, over the protocol: what is created refreshes to itself and previews empty.

The tests of this file share one world and go through it in their order.
"""

import json
from typing import Any

import pytest

from rehearsal.aws_provider.services.registry import TYPES
from tests.rehearsal.aws_provider.world import FIXED, READ, RECIPES, World

# A change of each type that needs no other resource, and a change that does.
IN_PLACE: list[tuple[str, dict[str, Any]]] = [
    ("vpc", {"enableDnsHostnames": False, "tags": {"Name": "b", "Owner": "c"}}),
    ("subnet b", {"mapPublicIpOnLaunch": False, "tags": None}),
    ("internet gateway", {"tags": {"c": "d"}}),
    ("route table", {"tags": {"a": "changed"}}),
    ("eip", {"tags": {}}),
    ("nat gateway", {"tags": {"c": "d"}}),
    ("security group", {"tags": {"c": "d"}}),
    ("ingress rule", {"fromPort": 81, "toPort": 82, "description": "nobody", "tags": None}),
    ("egress rule", {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443}),
    ("launch template", {"instanceType": "t3.small", "tags": {"c": "d"}}),
    ("load balancer", {"idleTimeout": 90, "enableHttp2": False, "tags": {"c": "d"}}),
    ("target group", {"deregistrationDelay": 20, "tags": {"c": "d"}}),
    ("target group", {"healthCheck": {"path": "/up", "interval": 6, "timeout": 2, "unhealthyThreshold": 4}}),
    ("target group", {"stickiness": {"type": "lb_cookie", "cookieDuration": 60}}),
    ("listener", {"port": 8081, "tags": {"c": "d"}}),
    (
        "listener",
        {"defaultActions": [{"type": "redirect", "redirect": {"statusCode": "HTTP_301", "protocol": "HTTPS"}}]},
    ),
    ("listener rule", {"priority": 41000, "tags": {"c": "d"}}),
    ("listener rule", {"conditions": [{"httpHeader": {"httpHeaderName": "X-Slice", "values": ["v1"]}}]}),
    ("listener rule", {"actions": FIXED}),
    ("group", {"minSize": 0, "maxSize": 4, "desiredCapacity": 1}),
    ("group", {"tags": [{"key": "Name", "value": "other", "propagateAtLaunch": False}], "healthCheckType": "EC2"}),
    ("group", {"targetGroupArns": [], "suspendedProcesses": ["AZRebalance"]}),
    ("role", {"description": "other", "maxSessionDuration": 7200, "tags": None}),
    ("role policy", {"policy": json.dumps({**READ, "Id": "other"})}),
    ("instance profile", {"role": None, "tags": {"c": "d"}}),
    ("subnet group", {"tags": {"c": "d"}}),
    ("database", {"instanceClass": "db.t4g.small", "backupRetentionPeriod": 14, "tags": {"c": "d"}}),
    ("database", {"deletionProtection": True}),
    ("database", {"deletionProtection": False, "multiAz": True}),
    ("bucket", {"tags": {"c": "d"}}),
    ("bucket", {"tags": None, "forceDestroy": True}),
    ("versioning", {"versioningConfiguration": {"status": "Suspended"}}),
    ("encryption", {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}}]}),
    ("access block", {"blockPublicPolicy": False}),
    ("bucket policy", {"policy": json.dumps({**READ, "Id": "other"})}),
]
REPLACING: list[tuple[str, dict[str, Any], list[str]]] = [
    ("vpc", {"cidrBlock": "10.1.0.0/16"}, ["cidrBlock"]),
    ("subnet a", {"cidrBlock": "10.0.9.0/24", "availabilityZone": "us-east-1c"}, ["availabilityZone", "cidrBlock"]),
    ("internet gateway", {"region": "eu-west-1"}, ["region"]),
    ("route table", {"vpcId": "vpc-2"}, ["vpcId"]),
    ("route", {"destinationCidrBlock": "10.9.0.0/16"}, ["destinationCidrBlock"]),
    ("route", {"gatewayId": None, "natGatewayId": "nat-2"}, []),
    ("association", {"subnetId": "subnet-2"}, ["subnetId"]),
    ("association", {"routeTableId": "rtb-2"}, []),
    ("nat gateway", {"subnetId": "subnet-2"}, ["subnetId"]),
    ("security group", {"description": "other"}, ["description"]),
    ("ingress rule", {"securityGroupId": "sg-2"}, ["securityGroupId"]),
    ("launch template", {"imageId": "ami-2", "instanceType": "t3.large", "userData": "Cg=="}, []),
    ("launch template", {"name": "fixed"}, ["name"]),
    ("load balancer", {"internal": False}, ["internal"]),
    (
        "target group",
        {"port": 81, "protocolVersion": "HTTP2", "targetType": "ip"},
        ["port", "protocolVersion", "targetType"],
    ),
    ("target group", {"vpcId": "vpc-2", "protocol": "HTTPS"}, ["protocol", "vpcId"]),
    ("listener", {"loadBalancerArn": "other"}, ["loadBalancerArn"]),
    ("listener rule", {"listenerArn": "other", "priority": 1}, ["listenerArn"]),
    ("group", {"launchTemplate": {"id": "lt-2", "version": "2"}, "vpcZoneIdentifiers": ["subnet-2"]}, []),
    ("group", {"name": "fixed"}, ["name"]),
    ("role", {"path": "/slices/"}, ["path"]),
    ("role policy", {"role": "other"}, ["role"]),
    ("attachment", {"policyArn": "arn:aws:iam::aws:policy/Other"}, ["policyArn"]),
    ("instance profile", {"role": "other"}, []),
    ("subnet group", {"name": "other"}, ["name"]),
    ("database", {"identifier": "other", "engineVersion": "18", "dbSubnetGroupName": "other"}, []),
    ("database", {"dbName": "other", "storageEncrypted": False}, ["dbName", "storageEncrypted"]),
    ("bucket", {"bucket": "other"}, ["bucket"]),
    ("access block", {"bucket": "other"}, ["bucket"]),
]


def test_there_is_a_recipe_for_each_type_that_is_served() -> None:
    assert {token for token, _ in RECIPES.values()} == set(TYPES)


@pytest.mark.parametrize("name", RECIPES)
def test_a_created_resource_refreshes_to_itself_and_previews_empty(world: World, name: str) -> None:
    _assert_settled(world(name))


@pytest.mark.parametrize("name", [name for name in RECIPES if name != "route"])
def test_a_resource_is_found_by_its_id_alone(world: World, name: str) -> None:
    made = world(name)
    resource_id, state, _ = world.engine.read(made.token, made.id, {}, {})
    assert resource_id == made.id
    assert set(state) >= {key for key, value in made.state.items() if value not in ({}, [])}


@pytest.mark.parametrize(("name", "changes", "replaces"), REPLACING)
def test_only_what_the_real_provider_replaces_is_replaced(
    world: World, name: str, changes: dict[str, Any], replaces: list[str]
) -> None:
    diff = world(name).diff(**changes)
    assert diff.changes == diff.DIFF_SOME
    assert sorted(diff.replaces) == replaces


@pytest.mark.parametrize(("name", "changes"), IN_PLACE, ids=[f"{name}: {', '.join(c)}" for name, c in IN_PLACE])
def test_a_change_in_place_is_done_and_then_previews_empty(world: World, name: str, changes: dict[str, Any]) -> None:
    made = world(name)
    diff = made.diff(**changes)
    assert set(diff.diffs) == {key for key in changes if key != "forceDestroy"}
    assert list(diff.replaces) == []
    changed = world.put(name, made.update(**changes))
    assert changed.diff().changes == diff.DIFF_NONE
    _assert_settled(changed)


def test_what_is_deleted_reads_as_gone(world: World) -> None:
    made = world.all()
    assert len(made) == len(RECIPES)
    world.destroy()
    assert [one.token for one in made if one.refresh().id != ""] == []


def _assert_settled(made: Any) -> None:
    again = made.refresh()
    assert (again.id, again.state, again.inputs) == (made.id, made.state, made.inputs)
    diff = again.diff()
    assert dict(diff.detailedDiff) == {}
    assert diff.changes == diff.DIFF_NONE
