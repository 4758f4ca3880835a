"""aws:ec2/vpc:Vpc"""

from typing import Any

from rehearsal.aws_provider import tagging
from rehearsal.aws_provider.cloud import Aws, found, unless
from rehearsal.aws_provider.schema import AwsType, tags
from rehearsal.provider.rules import network, one_of
from rehearsal.provider.schema import Change, boolean, text
from rehearsal.provider.values import Props

ATTRIBUTES = {
    "enableDnsSupport": "EnableDnsSupport",
    "enableDnsHostnames": "EnableDnsHostnames",
    "enableNetworkAddressUsageMetrics": "EnableNetworkAddressUsageMetrics",
}
GONE = "InvalidVpcID.NotFound"
DELETE_SECONDS = 300.0


def _create(aws: Aws, props: Props) -> str:
    made = aws.ec2.create_vpc(
        CidrBlock=props["cidrBlock"],
        InstanceTenancy=props["instanceTenancy"],
        **tagging.ec2_specification("vpc", props),
    )
    return made["Vpc"]["VpcId"]


def _complete(aws: Aws, vpc: str, props: Props) -> None:
    _set_attributes(aws, vpc, {name: props[name] for name in ATTRIBUTES if name in props})


def _set_attributes(aws: Aws, vpc: str, values: Props) -> None:
    for name, value in values.items():  # one call each: the API takes no more
        aws.ec2.modify_vpc_attribute(VpcId=vpc, **{ATTRIBUTES[name]: {"Value": value}})


def describe(aws: Aws, vpc: str) -> dict[str, Any] | None:
    """What EC2 says about a VPC; None when it is gone."""
    answer = found(lambda: aws.ec2.describe_vpcs(VpcIds=[vpc]), GONE)
    return answer["Vpcs"][0] if answer and answer["Vpcs"] else None


def attributes(aws: Aws, vpc: str) -> Props:
    """The attributes that have a call of their own."""
    return {
        ours: aws.ec2.describe_vpc_attribute(VpcId=vpc, Attribute=ours)[theirs]["Value"]
        for ours, theirs in ATTRIBUTES.items()
    }


def main_route_table(aws: Aws, vpc: str) -> str | None:
    """The id of the route table that subnets use without an association of their own."""
    wanted = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "association.main", "Values": ["true"]}]
    tables = aws.ec2.describe_route_tables(Filters=wanted)["RouteTables"]
    return tables[0]["RouteTableId"] if tables else None


def _read(aws: Aws, vpc: str, _given: Props) -> Props | None:
    live = describe(aws, vpc)
    if live is None:
        return None
    ours = {"Name": "vpc-id", "Values": [vpc]}
    groups = aws.ec2.describe_security_groups(Filters=[ours, {"Name": "group-name", "Values": ["default"]}])
    acls = aws.ec2.describe_network_acls(Filters=[ours, {"Name": "default", "Values": ["true"]}])["NetworkAcls"]
    main = main_route_table(aws, vpc)
    return {
        "arn": f"arn:aws:ec2:{aws.region}:{live['OwnerId']}:vpc/{vpc}",
        "cidrBlock": live["CidrBlock"],
        "instanceTenancy": live["InstanceTenancy"],
        **attributes(aws, vpc),
        "defaultNetworkAclId": acls[0]["NetworkAclId"] if acls else None,
        "defaultRouteTableId": main,
        "defaultSecurityGroupId": groups["SecurityGroups"][0]["GroupId"] if groups["SecurityGroups"] else None,
        "dhcpOptionsId": live["DhcpOptionsId"],
        "mainRouteTableId": main,
        "ownerId": live["OwnerId"],
        "tagsAll": tagging.to_map(live.get("Tags")),
    }


def _update(aws: Aws, change: Change) -> None:
    if change.touches("instanceTenancy"):
        aws.ec2.modify_vpc_tenancy(VpcId=change.id, InstanceTenancy=change.new["instanceTenancy"])
    _set_attributes(aws, change.id, {name: change.new[name] for name in ATTRIBUTES if change.touches(name)})
    tagging.ec2_retag(aws, change.id, change)


def _delete(aws: Aws, vpc: str, _olds: Props) -> None:
    def delete() -> None:
        with unless(GONE):
            aws.ec2.delete_vpc(VpcId=vpc)

    aws.deleting(delete, ("DependencyViolation",), aws.limit(DELETE_SECONDS))


VPC = AwsType(
    token="aws:ec2/vpc:Vpc",
    inputs={
        "cidrBlock": text(network(low=16, high=28), required=True, replaces=True),
        "enableDnsHostnames": boolean(computed=True),
        "enableDnsSupport": boolean(default=True),
        "enableNetworkAddressUsageMetrics": boolean(computed=True),
        "instanceTenancy": text(one_of("default", "dedicated"), default="default"),
        **tags(),
    },
    outputs=(
        *("arn", "defaultNetworkAclId", "defaultRouteTableId", "defaultSecurityGroupId", "dhcpOptionsId"),
        *("mainRouteTableId", "ownerId"),
    ),
    create=_create,
    complete=_complete,
    read=_read,
    update=_update,
    delete=_delete,
)
