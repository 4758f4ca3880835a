"""EC2: egress is declared or there is none, templates get versions, associations move."""

import grpc
import pytest

from rehearsal.provider.values import UNKNOWN
from tests.rehearsal.aws_provider.world import World
from tests.rehearsal.provider.engine import refusal

TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"


def test_a_new_security_group_lets_nothing_out(world: World) -> None:
    group = world("security group")
    (live,) = world.client("ec2").describe_security_groups(GroupIds=[group.id])["SecurityGroups"]
    assert live["IpPermissionsEgress"] == []


def test_a_group_that_another_groups_rule_names_is_not_deleted(world: World) -> None:
    held = world("security group")
    other = world.engine.made("aws:ec2/securityGroup:SecurityGroup", vpcId=world("vpc").id)
    rule = world.engine.made(
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        securityGroupId=other.id,
        referencedSecurityGroupId=held.id,
        ipProtocol="-1",
    )
    with pytest.raises(grpc.RpcError) as caught:
        held.delete()
    assert f"DependencyViolation: security group {held.id} has dependent objects: {other.id}" in refusal(caught)
    rule.delete()
    other.delete()


def test_a_group_without_a_description_is_managed_by_pulumi(world: World) -> None:
    group = world.engine.made("aws:ec2/securityGroup:SecurityGroup", vpcId=world("vpc").id)
    assert group.inputs["description"] == "Managed by Pulumi"
    group.delete()


def test_a_changed_template_is_a_new_version_that_the_preview_does_not_know(world: World) -> None:
    template = world("launch template")
    inputs, _ = world.engine.check(TEMPLATE, {**template.program, "instanceType": "t3.small"}, template.inputs)
    preview = world.engine.update(TEMPLATE, template.id, template.state, inputs, preview=True)
    assert (preview["latestVersion"], preview["defaultVersion"]) == (UNKNOWN, 1)
    after = template.update(instanceType="t3.small")
    assert (after.state["latestVersion"], after.state["defaultVersion"]) == (2, 1)


def test_a_new_description_leaves_the_version_known_in_the_preview(world: World) -> None:
    template = world("launch template")
    inputs, _ = world.engine.check(TEMPLATE, {**template.program, "description": "other"}, template.inputs)
    preview = world.engine.update(TEMPLATE, template.id, template.state, inputs, preview=True)
    assert preview["latestVersion"] == 1


def test_a_template_may_move_its_default_with_each_version(world: World) -> None:
    template = world.engine.made(TEMPLATE, imageId="ami-1", updateDefaultVersion=True)
    after = template.update(imageId="ami-2")
    assert (after.state["latestVersion"], after.state["defaultVersion"]) == (2, 2)
    assert dict(after.refresh().diff().detailedDiff) == {}
    after.delete()


def test_an_association_that_moved_has_another_id_and_is_found_all_the_same(world: World) -> None:
    association = world("association")
    table = world.engine.made("aws:ec2/routeTable:RouteTable", vpcId=world("vpc").id)
    moved = world.put("association", association.update(routeTableId=table.id))
    assert moved.refresh().state["routeTableId"] == table.id
    world.drop("association")
    table.delete()
    assert moved.refresh().id == ""


def test_a_route_to_another_target_is_replaced_in_place(world: World) -> None:
    route = world("route")
    after = world.put("route", route.update(gatewayId=None, natGatewayId=world("nat gateway").id))
    assert after.refresh().state["natGatewayId"] == world("nat gateway").id
    assert dict(after.refresh().diff().detailedDiff) == {}
    world.put("route", after.update(natGatewayId=None, gatewayId=world("internet gateway").id))


def test_a_subnet_of_a_nat_gateway_is_not_deleted(world: World) -> None:
    gateway = world("nat gateway")
    with pytest.raises(grpc.RpcError) as caught:
        world("subnet a").delete()
    assert gateway.id in refusal(caught)


def test_a_vpc_that_is_not_empty_is_not_deleted(world: World) -> None:
    world("subnet a")
    with pytest.raises(grpc.RpcError) as caught:
        world("vpc").delete()
    assert "DeleteVpc: DependencyViolation" in refusal(caught)
