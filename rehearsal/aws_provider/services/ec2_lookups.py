"""What a program may look up in EC2: zones, VPCs, subnets, images."""

import re
from collections.abc import Mapping
from typing import Any

from rehearsal.aws_provider import tagging
from rehearsal.aws_provider.cloud import Aws, found, only, pages
from rehearsal.aws_provider.services.ec2_vpc import attributes, main_route_table
from rehearsal.provider.errors import RefusedError
from rehearsal.provider.values import Props


def _filters(arguments: Props, **simple: tuple[str, Any]) -> list[dict[str, Any]]:
    """EC2's filters from `filters`, `tags` and the *simple* ones that have a value."""
    given = [{"Name": one["name"], "Values": one["values"]} for one in arguments.get("filters", [])]
    tagged = [{"Name": f"tag:{key}", "Values": [value]} for key, value in arguments.get("tags", {}).items()]
    others = [{"Name": name, "Values": [str(value)]} for name, value in simple.values() if value is not None]
    return [*given, *tagged, *others]


def availability_zones(aws: Aws, arguments: Props) -> Props:
    """The region's zones, by name."""
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


def vpc(aws: Aws, arguments: Props) -> Props:
    """The one VPC that matches."""
    simple = {
        "vpc": ("vpc-id", arguments.get("id")),
        "cidr": ("cidr", arguments.get("cidrBlock")),
        "state": ("state", arguments.get("state")),
        "default": ("isDefault", "true" if arguments.get("default") else None),
    }
    live = only(pages(aws.ec2, "describe_vpcs", "Vpcs", Filters=_filters(arguments, **simple)), "EC2 VPCs")
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


def subnets(aws: Aws, arguments: Props) -> Props:
    """The ids of the subnets that match; none is no error."""
    live = pages(aws.ec2, "describe_subnets", "Subnets", Filters=_filters(arguments))
    return {"id": aws.region, "ids": [one["SubnetId"] for one in live], "tags": arguments.get("tags", {})}


def ami(aws: Aws, arguments: Props) -> Props:
    """The one image that matches, or the newest of them."""
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
