"""Tags between AWS's lists and Pulumi's maps; keys that begin with `aws:` are AWS's own and never shown."""

from collections.abc import Iterable, Mapping
from typing import Any

from rehearsal.aws_provider.cloud import Aws, pages
from rehearsal.provider.schema import Change
from rehearsal.provider.values import Props


def to_list(tags: Mapping[str, str] | None) -> list[dict[str, str]]:
    """As AWS takes them."""
    return [{"Key": key, "Value": value} for key, value in (tags or {}).items()]


def to_map(tags: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """As Pulumi has them."""
    return {tag["Key"]: tag["Value"] for tag in tags or [] if not tag["Key"].startswith("aws:")}


def changed(change: Change) -> tuple[dict[str, str], list[str]]:
    """What to set and which keys to take away so that the old tags become the new; nothing when tags are ignored."""
    if not change.touches("tags", "tagsAll"):
        return {}, []
    old, new = change.old.get("tagsAll") or {}, change.new.get("tagsAll") or {}
    return {key: value for key, value in new.items() if old.get(key) != value}, [key for key in old if key not in new]


def ec2_specification(resource_type: str, props: Props) -> dict[str, Any]:
    """The `TagSpecifications` argument of an EC2 create call; empty without tags."""
    tags = to_list(props.get("tagsAll"))
    return {"TagSpecifications": [{"ResourceType": resource_type, "Tags": tags}]} if tags else {}


def ec2_retag(aws: Aws, resource_id: str, change: Change) -> None:
    """Bring the tags of any EC2 resource up to date."""
    put, gone = changed(change)
    if put:
        aws.ec2.create_tags(Resources=[resource_id], Tags=to_list(put))
    if gone:
        aws.ec2.delete_tags(Resources=[resource_id], Tags=[{"Key": key} for key in gone])


def ec2_tags(aws: Aws, resource_id: str) -> dict[str, str]:
    """The tags of any EC2 resource."""
    return to_map(pages(aws.ec2, "describe_tags", "Tags", Filters=[{"Name": "resource-id", "Values": [resource_id]}]))


def elb_retag(aws: Aws, change: Change) -> None:
    """Bring the tags of anything with a load-balancing ARN up to date."""
    put, gone = changed(change)
    if put:
        aws.elbv2.add_tags(ResourceArns=[change.id], Tags=to_list(put))
    if gone:
        aws.elbv2.remove_tags(ResourceArns=[change.id], TagKeys=gone)


def elb_tags(aws: Aws, arn: str) -> dict[str, str]:
    """The tags of anything with a load-balancing ARN."""
    described = aws.elbv2.describe_tags(ResourceArns=[arn])["TagDescriptions"]
    return to_map(described[0]["Tags"]) if described else {}


def rds_retag(aws: Aws, arn: str, change: Change) -> None:
    """Bring the tags of anything of RDS up to date."""
    put, gone = changed(change)
    if put:
        aws.rds.add_tags_to_resource(ResourceName=arn, Tags=to_list(put))
    if gone:
        aws.rds.remove_tags_from_resource(ResourceName=arn, TagKeys=gone)
