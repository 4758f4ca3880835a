"""What a launch template says about an instance: its fields, and each field's name at the API.

A string "true" in Pulumi is a boolean at the API wherever `TRUTHS` says so.
"""

from collections.abc import Mapping
from typing import Any

from rehearsal.aws_provider.rules import base64_text
from rehearsal.provider import schema
from rehearsal.provider.rules import between, one_of
from rehearsal.provider.schema import Field, block, boolean, integer, listed, strings, text
from rehearsal.provider.values import Props

TRUTH = one_of("true", "false", "")
TRUTHS = {"ebsOptimized", "associatePublicIpAddress", "deleteOnTermination", "encrypted"}
VOLUMES = one_of("standard", "io1", "io2", "gp2", "gp3", "st1", "sc1")
OTHER_NAMES = {
    "securityGroups": "Groups",
    "vpcSecurityGroupIds": "SecurityGroupIds",
    "networkInterfaceId": "NetworkInterfaceId",
    "ipv4Addresses": "PrivateIpAddresses",
    "securityGroupNames": "SecurityGroups",
    "instanceInitiatedShutdownBehavior": "InstanceInitiatedShutdownBehavior",
}

DATA: Mapping[str, Field] = {
    "blockDeviceMappings": listed(
        block(
            {
                "deviceName": text(),
                "ebs": block(
                    {
                        "deleteOnTermination": text(TRUTH),
                        "encrypted": text(TRUTH),
                        "iops": integer(computed=True),
                        "kmsKeyId": text(),
                        "snapshotId": text(),
                        "throughput": integer(between(125, 2000), computed=True),
                        "volumeSize": integer(computed=True),
                        "volumeType": text(VOLUMES, computed=True),
                    }
                ),
                "noDevice": text(),
                "virtualName": text(),
            }
        )
    ),
    "creditSpecification": block({"cpuCredits": text(one_of("standard", "unlimited"))}),
    "disableApiStop": boolean(),
    "disableApiTermination": boolean(),
    "ebsOptimized": text(TRUTH),
    "iamInstanceProfile": block({"arn": text(), "name": text()}),
    "imageId": text(),
    "instanceInitiatedShutdownBehavior": text(one_of("stop", "terminate")),
    "instanceType": text(),
    "keyName": text(),
    "metadataOptions": block(
        {
            "httpEndpoint": text(one_of("enabled", "disabled"), computed=True),
            "httpProtocolIpv6": text(one_of("enabled", "disabled"), computed=True),
            "httpPutResponseHopLimit": integer(between(1, 64), computed=True),
            "httpTokens": text(one_of("optional", "required"), computed=True),
            "instanceMetadataTags": text(one_of("enabled", "disabled"), computed=True),
        },
        computed=True,
    ),
    "monitoring": block({"enabled": boolean()}),
    "networkInterfaces": listed(
        block(
            {
                "associatePublicIpAddress": text(TRUTH),
                "deleteOnTermination": text(TRUTH),
                "description": text(),
                "deviceIndex": integer(),
                "networkInterfaceId": text(),
                "privateIpAddress": text(),
                "securityGroups": strings(),
                "subnetId": text(),
            }
        )
    ),
    "placement": block({"availabilityZone": text(), "groupName": text(), "tenancy": text()}),
    "securityGroupNames": strings(),
    "tagSpecifications": listed(
        block(
            {
                "resourceType": text(one_of("instance", "volume", "network-interface", "spot-instances-request")),
                "tags": Field(kind=schema.MAP, of=text()),
            }
        )
    ),
    "userData": text(base64_text),
    "vpcSecurityGroupIds": strings(),
}


def to_api(props: Props) -> dict[str, Any]:
    """LaunchTemplateData; user data is always sent, empty when there is none."""
    return {"UserData": "", **_to_api(DATA, props)}


def _to_api(fields: Mapping[str, Field], props: Props) -> dict[str, Any]:
    given = {name: props[name] for name in fields if props.get(name) not in (None, "", [], {})}
    return {_theirs(name): _value_to_api(name, fields[name], value) for name, value in given.items()}


def _value_to_api(name: str, one: Field, value: Any) -> Any:
    if name in TRUTHS:
        return value == "true"
    if one.kind == schema.BLOCK:
        return _to_api(one.fields, value)
    if one.kind == schema.MAP:
        return [{"Key": key, "Value": part} for key, part in value.items()]
    if one.of is not None and one.of.kind == schema.BLOCK:
        return [_to_api(one.of.fields, part) for part in value]
    return value


def from_api(data: Mapping[str, Any]) -> Props:
    """The template's inputs from LaunchTemplateData; tags of the template itself do not count as its instances'."""
    specifications = [one for one in data.get("TagSpecifications", []) if one["ResourceType"] != "launch-template"]
    return _from_api(DATA, {**data, "TagSpecifications": specifications})


def _from_api(fields: Mapping[str, Field], data: Mapping[str, Any]) -> Props:
    present = {name: data[_theirs(name)] for name in fields if data.get(_theirs(name)) not in (None, "", [], {})}
    return {name: _value_from_api(name, fields[name], value) for name, value in present.items()}


def _value_from_api(name: str, one: Field, value: Any) -> Any:
    if name in TRUTHS:
        return str(value).lower()
    if one.kind == schema.BLOCK:
        return _from_api(one.fields, value)
    if one.kind == schema.MAP:
        return {tag["Key"]: tag["Value"] for tag in value}
    if one.of is not None and one.of.kind == schema.BLOCK:
        return [_from_api(one.of.fields, part) for part in value]
    return value


def _theirs(name: str) -> str:
    return OTHER_NAMES.get(name, name[0].upper() + name[1:])
