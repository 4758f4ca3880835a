"""aws:ec2/routeTable:RouteTable, aws:ec2/route:Route and aws:ec2/routeTableAssociation:RouteTableAssociation

Inline `routes` are not served: they fight with Route resources, and an empty list would remove all of them.
"""

import zlib
from typing import Any

from rehearsal.aws_provider import tagging
from rehearsal.aws_provider.cloud import Aws, found, unless
from rehearsal.aws_provider.schema import AwsType, tags
from rehearsal.provider.rules import network, not_matching
from rehearsal.provider.schema import Change, text
from rehearsal.provider.values import Props

NO_TABLE = ("InvalidRouteTableID.NotFound",)
NO_ASSOCIATION = ("InvalidAssociationID.NotFound",)
NO_ROUTE = (*NO_TABLE, "InvalidRoute.NotFound")
DELETE_SECONDS = 300.0
DESTINATIONS = {
    "destinationCidrBlock": "DestinationCidrBlock",
    "destinationIpv6CidrBlock": "DestinationIpv6CidrBlock",
    "destinationPrefixListId": "DestinationPrefixListId",
}
TARGETS = {
    "gatewayId": "GatewayId",
    "natGatewayId": "NatGatewayId",
    "networkInterfaceId": "NetworkInterfaceId",
    "transitGatewayId": "TransitGatewayId",
    "vpcPeeringConnectionId": "VpcPeeringConnectionId",
}


def _table(aws: Aws, table: str) -> dict[str, Any] | None:
    answer = found(lambda: aws.ec2.describe_route_tables(RouteTableIds=[table]), *NO_TABLE)
    return answer["RouteTables"][0] if answer and answer["RouteTables"] else None


def _create_table(aws: Aws, props: Props) -> str:
    made = aws.ec2.create_route_table(VpcId=props["vpcId"], **tagging.ec2_specification("route-table", props))
    return made["RouteTable"]["RouteTableId"]


def _read_table(aws: Aws, table: str, _given: Props) -> Props | None:
    live = _table(aws, table)
    if live is None:
        return None
    return {
        "arn": f"arn:aws:ec2:{aws.region}:{live['OwnerId']}:route-table/{table}",
        "ownerId": live["OwnerId"],
        "vpcId": live["VpcId"],
        "tagsAll": tagging.to_map(live.get("Tags")),
    }


def _update_table(aws: Aws, change: Change) -> None:
    tagging.ec2_retag(aws, change.id, change)


def _delete_table(aws: Aws, table: str, _olds: Props) -> None:
    for one in (_table(aws, table) or {}).get("Associations", []):
        with unless(*NO_ASSOCIATION):
            aws.ec2.disassociate_route_table(AssociationId=one["RouteTableAssociationId"])
    # Here a table that is gone already is an error, as with the real provider.
    aws.deleting(lambda: aws.ec2.delete_route_table(RouteTableId=table), ("DependencyViolation",), DELETE_SECONDS)


def _destination(props: Props) -> dict[str, str]:
    return {theirs: props[ours] for ours, theirs in DESTINATIONS.items() if props.get(ours)}


def _target(props: Props) -> dict[str, str]:
    return {theirs: props[ours] for ours, theirs in TARGETS.items() if props.get(ours)}


def _create_route(aws: Aws, props: Props) -> str:
    aws.ec2.create_route(RouteTableId=props["routeTableId"], **_destination(props), **_target(props))
    destination = next(iter(_destination(props).values()))
    return f"r-{props['routeTableId']}{zlib.crc32(destination.encode())}"


def _read_route(aws: Aws, _route: str, given: Props) -> Props | None:
    table = given.get("routeTableId")
    live = _table(aws, table) if table else None
    for one in live["Routes"] if live else []:
        if {key: one.get(key) for key in _destination(given)} == _destination(given):
            return {
                "routeTableId": table,
                **{ours: one.get(theirs) for ours, theirs in {**DESTINATIONS, **TARGETS}.items()},
                "origin": one.get("Origin"),
                "state": one.get("State"),
            }
    return None


def _update_route(aws: Aws, change: Change) -> None:
    new = change.new
    aws.ec2.replace_route(RouteTableId=new["routeTableId"], **_destination(new), **_target(new))


def _delete_route(aws: Aws, _route: str, olds: Props) -> None:
    with unless(*NO_ROUTE):
        aws.ec2.delete_route(RouteTableId=olds["routeTableId"], **_destination(olds))


def _create_association(aws: Aws, props: Props) -> str:
    held = {"subnetId": "SubnetId", "gatewayId": "GatewayId"}
    made = aws.ec2.associate_route_table(
        RouteTableId=props["routeTableId"], **{theirs: props[ours] for ours, theirs in held.items() if props.get(ours)}
    )
    return made["AssociationId"]


def _association(aws: Aws, association: str, given: Props) -> tuple[str, dict[str, Any]] | None:
    """The table and association of that id, or of that subnet: moving it to another table gives it a new id."""
    for table in aws.ec2.describe_route_tables()["RouteTables"]:
        for one in table["Associations"]:
            of_subnet = given.get("subnetId") and one.get("SubnetId") == given["subnetId"]
            if one["RouteTableAssociationId"] == association or of_subnet:
                return table["RouteTableId"], one
    return None


def _read_association(aws: Aws, association: str, given: Props) -> Props | None:
    live = _association(aws, association, given)
    if live is None:
        return None
    table, one = live
    return {"routeTableId": table, "subnetId": one.get("SubnetId"), "gatewayId": one.get("GatewayId")}


def _update_association(aws: Aws, change: Change) -> None:
    live = _association(aws, change.id, change.old)
    if live is None:
        _create_association(aws, change.new)
    else:
        aws.ec2.replace_route_table_association(
            AssociationId=live[1]["RouteTableAssociationId"], RouteTableId=change.new["routeTableId"]
        )


def _delete_association(aws: Aws, association: str, olds: Props) -> None:
    live = _association(aws, association, olds)
    if live:
        with unless(*NO_ASSOCIATION):
            aws.ec2.disassociate_route_table(AssociationId=live[1]["RouteTableAssociationId"])


ROUTE_TABLE = AwsType(
    token="aws:ec2/routeTable:RouteTable",
    inputs={"vpcId": text(required=True, replaces=True), **tags()},
    outputs=("arn", "ownerId"),
    create=_create_table,
    read=_read_table,
    update=_update_table,
    delete=_delete_table,
)
ROUTE = AwsType(
    token="aws:ec2/route:Route",
    inputs={
        "routeTableId": text(required=True, replaces=True),
        "destinationCidrBlock": text(network(4), replaces=True),
        "destinationIpv6CidrBlock": text(network(6), replaces=True),
        "destinationPrefixListId": text(replaces=True),
        "gatewayId": text(not_matching("local$", "be local: AWS makes that route itself")),
        **{name: text() for name in TARGETS if name not in ("gatewayId", "networkInterfaceId")},
        "networkInterfaceId": text(computed=True),
    },
    outputs=("origin", "state"),
    one_of=(tuple(DESTINATIONS), tuple(TARGETS)),
    create=_create_route,
    read=_read_route,
    update=_update_route,
    delete=_delete_route,
)
ROUTE_TABLE_ASSOCIATION = AwsType(
    token="aws:ec2/routeTableAssociation:RouteTableAssociation",
    inputs={
        "routeTableId": text(required=True),
        "subnetId": text(replaces=True),
        "gatewayId": text(replaces=True),
    },
    one_of=(("subnetId", "gatewayId"),),
    create=_create_association,
    read=_read_association,
    update=_update_association,
    delete=_delete_association,
)
