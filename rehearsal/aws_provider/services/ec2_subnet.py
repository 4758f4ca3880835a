"""aws:ec2/subnet:Subnet"""

from rehearsal.aws_provider import tagging
from rehearsal.aws_provider.cloud import Aws, found, unless
from rehearsal.aws_provider.schema import AwsType, tags
from rehearsal.aws_provider.services.ec2_holders import refuse_if_subnet_is_held
from rehearsal.provider.rules import network, one_of
from rehearsal.provider.schema import Change, boolean, text
from rehearsal.provider.values import Props

GONE = "InvalidSubnetID.NotFound"
DELETE_SECONDS = 1200.0
FLAGS = {  # set by a call each
    "mapPublicIpOnLaunch": "MapPublicIpOnLaunch",
    "assignIpv6AddressOnCreation": "AssignIpv6AddressOnCreation",
}


def _create(aws: Aws, props: Props) -> str:
    places = {"availabilityZone": "AvailabilityZone", "availabilityZoneId": "AvailabilityZoneId"}
    made = aws.ec2.create_subnet(
        VpcId=props["vpcId"],
        CidrBlock=props["cidrBlock"],
        **{theirs: props[ours] for ours, theirs in places.items() if props.get(ours)},
        **tagging.ec2_specification("subnet", props),
    )
    return made["Subnet"]["SubnetId"]


def _complete(aws: Aws, subnet: str, props: Props) -> None:
    _set_flags(aws, subnet, {name: True for name in FLAGS if props.get(name)})


def _set_flags(aws: Aws, subnet: str, values: dict[str, bool]) -> None:
    for name, value in values.items():
        aws.ec2.modify_subnet_attribute(SubnetId=subnet, **{FLAGS[name]: {"Value": value}})


def _read(aws: Aws, subnet: str, _given: Props) -> Props | None:
    answer = found(lambda: aws.ec2.describe_subnets(SubnetIds=[subnet]), GONE)
    if not answer or not answer["Subnets"]:
        return None
    live = answer["Subnets"][0]
    return {
        "arn": live["SubnetArn"],
        "assignIpv6AddressOnCreation": live.get("AssignIpv6AddressOnCreation", False),
        "availabilityZone": live["AvailabilityZone"],
        "availabilityZoneId": live["AvailabilityZoneId"],
        "cidrBlock": live["CidrBlock"],
        "mapPublicIpOnLaunch": live.get("MapPublicIpOnLaunch", False),
        "ownerId": live["OwnerId"],
        "privateDnsHostnameTypeOnLaunch": live.get("PrivateDnsNameOptionsOnLaunch", {}).get("HostnameType", "ip-name"),
        "vpcId": live["VpcId"],
        "tagsAll": tagging.to_map(live.get("Tags")),
    }


def _update(aws: Aws, change: Change) -> None:
    _set_flags(aws, change.id, {name: bool(change.new.get(name)) for name in FLAGS if change.touches(name)})
    tagging.ec2_retag(aws, change.id, change)


def _delete(aws: Aws, subnet: str, _olds: Props) -> None:
    def delete() -> None:
        refuse_if_subnet_is_held(aws, subnet)
        with unless(GONE):
            aws.ec2.delete_subnet(SubnetId=subnet)

    aws.deleting(delete, ("DependencyViolation",), aws.limit(DELETE_SECONDS))


SUBNET = AwsType(
    token="aws:ec2/subnet:Subnet",
    inputs={
        "assignIpv6AddressOnCreation": boolean(default=False),
        "availabilityZone": text(computed=True, replaces=True),
        "availabilityZoneId": text(computed=True, replaces=True),
        "cidrBlock": text(network(low=16, high=28), required=True, replaces=True),
        "mapPublicIpOnLaunch": boolean(default=False),
        "privateDnsHostnameTypeOnLaunch": text(one_of("ip-name"), computed=True),
        "vpcId": text(required=True, replaces=True),
        **tags(),
    },
    outputs=("arn", "ownerId"),
    at_most_one=(("availabilityZone", "availabilityZoneId"),),
    create=_create,
    complete=_complete,
    read=_read,
    update=_update,
    delete=_delete,
)
