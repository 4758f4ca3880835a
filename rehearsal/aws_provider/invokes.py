"""What a program may look up: one function a token, each with the names it takes and the answer the SDK expects."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rehearsal.aws_provider import tagging
from rehearsal.aws_provider.cloud import Aws, found, pages
from rehearsal.aws_provider.errors import RefusedError
from rehearsal.aws_provider.services import elb_listener, elb_load_balancer
from rehearsal.aws_provider.services.ec2_vpc import attributes, main_route_table
from rehearsal.aws_provider.values import Props


@dataclass(frozen=True)
class Lookup:
    """A function, and the arguments it takes besides `region`."""

    look: Callable[[Aws, Props], Props]
    arguments: tuple[str, ...]


def invoke(token: str, aws: Aws, arguments: Props) -> Props:
    """The answer to *token*, with the arguments among it, as the real provider has it."""
    if token not in LOOKUPS:
        raise RefusedError(f"not served by this stand-in of pulumi-aws; served are {', '.join(LOOKUPS)}")
    lookup = LOOKUPS[token]
    if strange := sorted(set(arguments) - {*lookup.arguments, "region"}):
        raise RefusedError(f"unknown argument {', '.join(strange)}; it takes {', '.join(lookup.arguments) or 'none'}")
    return {**arguments, "region": aws.region, **lookup.look(aws, arguments)}


def _filters(arguments: Props, **simple: tuple[str, Any]) -> list[dict[str, Any]]:
    """EC2's filters from `filters`, `tags` and the *simple* ones that have a value."""
    given = [{"Name": one["name"], "Values": one["values"]} for one in arguments.get("filters", [])]
    tagged = [{"Name": f"tag:{key}", "Values": [value]} for key, value in arguments.get("tags", {}).items()]
    others = [{"Name": name, "Values": [str(value)]} for name, value in simple.values() if value is not None]
    return [*given, *tagged, *others]


def _availability_zones(aws: Aws, arguments: Props) -> Props:
    answer = aws.ec2.describe_availability_zones(
        Filters=_filters(arguments, state=("state", arguments.get("state"))),
        AllAvailabilityZones=arguments.get("allAvailabilityZones", False),
    )
    zones = [
        zone
        for zone in sorted(answer["AvailabilityZones"], key=lambda zone: zone["ZoneName"])
        if zone["ZoneName"] not in arguments.get("excludeNames", [])
        and zone["ZoneId"] not in arguments.get("excludeZoneIds", [])
    ]
    return {
        "id": aws.region,
        "names": [zone["ZoneName"] for zone in zones],
        "zoneIds": [zone["ZoneId"] for zone in zones],
        "groupNames": sorted({zone.get("GroupName", aws.region) for zone in zones}),
    }


def _caller_identity(aws: Aws, _arguments: Props) -> Props:
    answer = aws.sts.get_caller_identity()
    account = answer["Account"]
    return {"id": account, "accountId": account, "arn": answer["Arn"], "userId": answer["UserId"]}


def _load_balancer(aws: Aws, arguments: Props) -> Props:
    wanted = {"arn": "LoadBalancerArn", "name": "LoadBalancerName"}
    balancers = pages(aws.elbv2, "describe_load_balancers", "LoadBalancers")
    matching = [
        one
        for one in balancers
        if all(one[theirs] == arguments[ours] for ours, theirs in wanted.items() if ours in arguments)
    ]
    tags = arguments.get("tags", {})
    if tags:
        matching = [one for one in matching if tags.items() <= tagging.elb_tags(aws, one["LoadBalancerArn"]).items()]
    live = _only(matching, "load balancers")
    props = elb_load_balancer.shown(aws, live)
    return {**props, "id": live["LoadBalancerArn"], "tags": props["tagsAll"], "connectionLogs": []}


def _listener(aws: Aws, arguments: Props) -> Props:
    if "arn" in arguments:
        live = elb_listener.describe(aws, arguments["arn"])
        matching = [live] if live else []
    elif {"loadBalancerArn", "port"} <= set(arguments):
        owner = arguments["loadBalancerArn"]
        listeners = pages(aws.elbv2, "describe_listeners", "Listeners", LoadBalancerArn=owner)
        matching = [one for one in listeners if one["Port"] == arguments["port"]]
    else:
        raise RefusedError("needs arn, or loadBalancerArn and port")
    live = _only(matching, "listeners")
    props = elb_listener.shown(aws, live, {})
    return {**props, "id": live["ListenerArn"], "tags": props["tagsAll"], "mutualAuthentications": []}


def _vpc(aws: Aws, arguments: Props) -> Props:
    simple = {
        "vpc": ("vpc-id", arguments.get("id")),
        "cidr": ("cidr", arguments.get("cidrBlock")),
        "state": ("state", arguments.get("state")),
        "default": ("isDefault", "true" if arguments.get("default") else None),
    }
    live = _only(pages(aws.ec2, "describe_vpcs", "Vpcs", Filters=_filters(arguments, **simple)), "EC2 VPCs")
    blocks = [
        {"associationId": one["AssociationId"], "cidrBlock": one["CidrBlock"], "state": one["CidrBlockState"]["State"]}
        for one in live.get("CidrBlockAssociationSet", [])
    ]
    return {
        "id": live["VpcId"],
        "arn": f"arn:aws:ec2:{aws.region}:{live['OwnerId']}:vpc/{live['VpcId']}",
        "cidrBlock": live["CidrBlock"],
        "cidrBlockAssociations": blocks,
        "default": live["IsDefault"],
        "dhcpOptionsId": live["DhcpOptionsId"],
        "instanceTenancy": live["InstanceTenancy"],
        "mainRouteTableId": main_route_table(aws, live["VpcId"]),
        "ownerId": live["OwnerId"],
        "state": live["State"],
        "tags": tagging.to_map(live.get("Tags")),
        **attributes(aws, live["VpcId"]),
    }


def _subnets(aws: Aws, arguments: Props) -> Props:
    live = pages(aws.ec2, "describe_subnets", "Subnets", Filters=_filters(arguments))
    return {"id": aws.region, "ids": [one["SubnetId"] for one in live], "tags": arguments.get("tags", {})}


def _ami(aws: Aws, arguments: Props) -> Props:
    owners = arguments.get("owners", [])
    named = {one["name"] for one in arguments.get("filters", [])} & {"image-id", "owner-id"}
    if arguments.get("mostRecent") and not owners and not named and not arguments.get("allowUnsafeFilter"):
        raise RefusedError(
            "mostRecent needs owners, or a filter by image-id or owner-id: anyone may publish a newer image"
        )
    query: dict[str, Any] = {"Filters": _filters(arguments), "Owners": owners}
    images = found(lambda: aws.ec2.describe_images(**query)["Images"], "InvalidAMIID.NotFound") or []
    if pattern := arguments.get("nameRegex"):
        images = [one for one in images if re.search(pattern, one.get("Name", ""))]
    if arguments.get("mostRecent"):
        images = sorted(images, key=lambda one: one.get("CreationDate", ""))[-1:]
    if not images:
        raise RefusedError("Your query returned no results. Please change your search criteria and try again.")
    if len(images) > 1:
        raise RefusedError(f"{len(images)} images match; narrow the filters, or set mostRecent")
    return _image(aws, images[0])


def _image(aws: Aws, live: Mapping[str, Any]) -> Props:
    image = live["ImageId"]
    return {
        "id": image,
        "imageId": image,
        "arn": f"arn:aws:ec2:{aws.region}::image/{image}",
        "architecture": live.get("Architecture"),
        "creationDate": live.get("CreationDate"),
        "description": live.get("Description"),
        "name": live.get("Name"),
        "ownerId": live.get("OwnerId"),
        "public": live.get("Public", False),
        "rootDeviceName": live.get("RootDeviceName"),
        "rootDeviceType": live.get("RootDeviceType"),
        "state": live.get("State"),
        "virtualizationType": live.get("VirtualizationType"),
        "tags": tagging.to_map(live.get("Tags")),
    }


def _only(matching: list[dict[str, Any]], what: str) -> dict[str, Any]:
    if not matching:
        raise RefusedError(f"no matching {what} found")
    if len(matching) > 1:
        raise RefusedError(f"multiple {what} matched; use additional constraints to reduce matches to a single one")
    return matching[0]


LOOKUPS = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": Lookup(
        _availability_zones, ("allAvailabilityZones", "excludeNames", "excludeZoneIds", "filters", "state")
    ),
    "aws:index/getCallerIdentity:getCallerIdentity": Lookup(_caller_identity, ("id",)),
    "aws:lb/getLoadBalancer:getLoadBalancer": Lookup(_load_balancer, ("arn", "name", "tags")),
    "aws:lb/getListener:getListener": Lookup(_listener, ("arn", "loadBalancerArn", "port", "tags")),
    "aws:ec2/getVpc:getVpc": Lookup(_vpc, ("cidrBlock", "default", "filters", "id", "state", "tags")),
    "aws:ec2/getSubnets:getSubnets": Lookup(_subnets, ("filters", "tags")),
    "aws:ec2/getAmi:getAmi": Lookup(
        _ami,
        (
            "allowUnsafeFilter",
            "executableUsers",
            "filters",
            "includeDeprecated",
            "mostRecent",
            "nameRegex",
            "owners",
            "tags",
        ),
    ),
}
