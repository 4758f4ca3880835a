"""aws:ec2/internetGateway:InternetGateway, aws:ec2/eip:Eip and aws:ec2/natGateway:NatGateway"""

from typing import Any

from rehearsal.aws_provider import tagging
from rehearsal.aws_provider.cloud import Aws, found, unless
from rehearsal.aws_provider.schema import AwsType, tags
from rehearsal.provider.errors import RefusedError
from rehearsal.provider.rules import one_of
from rehearsal.provider.schema import Change, Failure, text
from rehearsal.provider.values import Props

NO_GATEWAY = "InvalidInternetGatewayID.NotFound"
NO_ADDRESS = "InvalidAllocationID.NotFound"
NO_NAT = ("InvalidNatGatewayID.NotFound", "NatGatewayNotFound")
GATEWAY_SECONDS, ADDRESS_SECONDS, NAT_SECONDS = 1200.0, 180.0, 1800.0


def _create_gateway(aws: Aws, props: Props) -> str:
    made = aws.ec2.create_internet_gateway(**tagging.ec2_specification("internet-gateway", props))
    return made["InternetGateway"]["InternetGatewayId"]


def _complete_gateway(aws: Aws, gateway: str, props: Props) -> None:
    if props.get("vpcId"):
        aws.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=props["vpcId"])


def _read_gateway(aws: Aws, gateway: str, _given: Props) -> Props | None:
    answer = found(lambda: aws.ec2.describe_internet_gateways(InternetGatewayIds=[gateway]), NO_GATEWAY)
    if not answer or not answer["InternetGateways"]:
        return None
    live = answer["InternetGateways"][0]
    attached = live.get("Attachments", [])
    return {
        "arn": f"arn:aws:ec2:{aws.region}:{live['OwnerId']}:internet-gateway/{gateway}",
        "ownerId": live["OwnerId"],
        "vpcId": attached[0]["VpcId"] if attached else "",
        "tagsAll": tagging.to_map(live.get("Tags")),
    }


def _update_gateway(aws: Aws, change: Change) -> None:
    if change.touches("vpcId"):
        _detach(aws, change.id, change.old.get("vpcId"))
        _complete_gateway(aws, change.id, change.new)
    tagging.ec2_retag(aws, change.id, change)


def _detach(aws: Aws, gateway: str, vpc: str | None) -> None:
    if vpc:
        with unless("Gateway.NotAttached", NO_GATEWAY):
            aws.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)


def _delete_gateway(aws: Aws, gateway: str, olds: Props) -> None:
    def delete() -> None:
        _detach(aws, gateway, olds.get("vpcId"))
        with unless(NO_GATEWAY):
            aws.ec2.delete_internet_gateway(InternetGatewayId=gateway)

    aws.deleting(delete, ("DependencyViolation",), aws.limit(GATEWAY_SECONDS))


def _create_address(aws: Aws, props: Props) -> str:
    made = aws.ec2.allocate_address(Domain="vpc", **tagging.ec2_specification("elastic-ip", props))
    return made["AllocationId"]


def _read_address(aws: Aws, allocation: str, _given: Props) -> Props | None:
    answer = found(lambda: aws.ec2.describe_addresses(AllocationIds=[allocation]), NO_ADDRESS)
    if not answer or not answer["Addresses"]:
        return None
    live = answer["Addresses"][0]
    return {
        "allocationId": allocation,
        "associationId": live.get("AssociationId", ""),
        "domain": live["Domain"],
        "privateIp": live.get("PrivateIpAddress", ""),
        "publicDns": f"ec2-{live['PublicIp'].replace('.', '-')}.compute-1.amazonaws.com",
        "publicIp": live["PublicIp"],
        "tagsAll": tagging.to_map(live.get("Tags")),
    }


def _update_tags(aws: Aws, change: Change) -> None:
    tagging.ec2_retag(aws, change.id, change)


def _delete_address(aws: Aws, allocation: str, _olds: Props) -> None:
    def delete() -> None:
        with unless(NO_ADDRESS):
            aws.ec2.release_address(AllocationId=allocation)

    aws.deleting(delete, ("AuthFailure", "InvalidIPAddress.InUse"), aws.limit(ADDRESS_SECONDS))


def _create_nat(aws: Aws, props: Props) -> str:
    made = aws.ec2.create_nat_gateway(
        SubnetId=props["subnetId"],
        ConnectivityType=props["connectivityType"],
        **({"AllocationId": props["allocationId"]} if props.get("allocationId") else {}),
        **tagging.ec2_specification("natgateway", props),
    )
    return made["NatGateway"]["NatGatewayId"]


def _nat(aws: Aws, gateway: str) -> dict[str, Any] | None:
    """What EC2 says about a NAT gateway; None when it is deleted, which EC2 still describes for an hour."""
    answer = found(lambda: aws.ec2.describe_nat_gateways(NatGatewayIds=[gateway]), *NO_NAT)
    live = answer["NatGateways"][0] if answer and answer["NatGateways"] else None
    return live if live and live["State"] not in ("deleting", "deleted") else None


def _complete_nat(aws: Aws, gateway: str, _props: Props) -> None:
    def missing() -> str | None:
        live = _nat(aws, gateway) or {"State": "gone"}
        if live["State"] == "failed":
            raise RefusedError(f"NAT gateway {gateway}: {live.get('FailureCode')}: {live.get('FailureMessage')}")
        return None if live["State"] == "available" else live["State"]

    aws.until(f"NAT gateway {gateway} available", missing, aws.limit(600.0))


def _read_nat(aws: Aws, gateway: str, _given: Props) -> Props | None:
    live = _nat(aws, gateway)
    if live is None:
        return None
    address = live["NatGatewayAddresses"][0] if live.get("NatGatewayAddresses") else {}
    return {
        "allocationId": address.get("AllocationId"),
        "associationId": address.get("AssociationId"),
        "connectivityType": live.get("ConnectivityType", "public"),
        "networkInterfaceId": address.get("NetworkInterfaceId"),
        "privateIp": address.get("PrivateIp"),
        "publicIp": address.get("PublicIp"),
        "subnetId": live["SubnetId"],
        "tagsAll": tagging.to_map(live.get("Tags")),
    }


def _delete_nat(aws: Aws, gateway: str, _olds: Props) -> None:
    with unless(*NO_NAT):
        aws.ec2.delete_nat_gateway(NatGatewayId=gateway)
    aws.until(f"NAT gateway {gateway} deleted", lambda: "still there" if _nat(aws, gateway) else None, NAT_SECONDS)


def _plan_nat(props: Props) -> list[Failure]:
    private, allocation = props["connectivityType"] == "private", "allocationId" in props
    if private and allocation:
        return [Failure("allocationId", "must not be given with connectivityType private")]
    if not private and not allocation:
        return [Failure("allocationId", "must be given with connectivityType public")]
    return []


INTERNET_GATEWAY = AwsType(
    token="aws:ec2/internetGateway:InternetGateway",
    inputs={"vpcId": text(computed=True), **tags()},
    outputs=("arn", "ownerId"),
    create=_create_gateway,
    complete=_complete_gateway,
    read=_read_gateway,
    update=_update_gateway,
    delete=_delete_gateway,
)
EIP = AwsType(
    token="aws:ec2/eip:Eip",
    inputs={"domain": text(one_of("vpc"), computed=True, replaces=True), **tags()},
    outputs=("allocationId", "associationId", "privateIp", "publicDns", "publicIp"),
    create=_create_address,
    read=_read_address,
    update=_update_tags,
    delete=_delete_address,
)
NAT_GATEWAY = AwsType(
    token="aws:ec2/natGateway:NatGateway",
    inputs={
        "allocationId": text(replaces=True),
        "connectivityType": text(one_of("public", "private"), default="public", replaces=True),
        "subnetId": text(required=True, replaces=True),
        **tags(),
    },
    outputs=("associationId", "networkInterfaceId", "privateIp", "publicIp"),
    create=_create_nat,
    complete=_complete_nat,
    read=_read_nat,
    update=_update_tags,
    delete=_delete_nat,
    plan=_plan_nat,
)
