"""aws:rds/subnetGroup:SubnetGroup"""

from rehearsal.aws_provider import tagging
from rehearsal.aws_provider.cloud import Aws, found, unless
from rehearsal.aws_provider.schema import AwsType, tags
from rehearsal.provider.errors import InUseError, RefusedError
from rehearsal.provider.rules import length, matches, not_matching
from rehearsal.provider.schema import Change, strings, text
from rehearsal.provider.values import Props

GONE = ("DBSubnetGroupNotFoundFault", "DBSubnetGroupNotFound")
SECONDS = 180.0


def _create(aws: Aws, props: Props) -> str:
    _check_zones(aws, props["subnetIds"])
    aws.rds.create_db_subnet_group(
        DBSubnetGroupName=props["name"],
        DBSubnetGroupDescription=props["description"],
        SubnetIds=props["subnetIds"],
        Tags=tagging.to_list(props["tagsAll"]),
    )
    return props["name"]


def _check_zones(aws: Aws, subnets: list[str]) -> None:
    """As AWS does, where the local AWS takes any."""
    zones = {one["AvailabilityZone"] for one in aws.ec2.describe_subnets(SubnetIds=subnets)["Subnets"]}
    if len(zones) < 2:
        raise RefusedError(
            "DBSubnetGroupDoesNotCoverEnoughAZs: The DB subnet group doesn't meet Availability Zone (AZ) coverage "
            f"requirement. Current AZ coverage: {', '.join(sorted(zones))}. Add subnets to cover at least 2 AZs."
        )


def _read(aws: Aws, name: str, _given: Props) -> Props | None:
    answer = found(lambda: aws.rds.describe_db_subnet_groups(DBSubnetGroupName=name), *GONE)
    if not answer or not answer["DBSubnetGroups"]:
        return None
    live = answer["DBSubnetGroups"][0]
    arn = live["DBSubnetGroupArn"]
    return {
        "arn": arn,
        "description": live["DBSubnetGroupDescription"],
        "name": live["DBSubnetGroupName"],
        "subnetIds": [one["SubnetIdentifier"] for one in live["Subnets"]],
        "supportedNetworkTypes": ["IPV4"],
        "vpcId": live["VpcId"],
        "tagsAll": tagging.to_map(aws.rds.list_tags_for_resource(ResourceName=arn)["TagList"]),
    }


def _update(aws: Aws, change: Change) -> None:
    new = change.new
    if change.touches("description", "subnetIds"):
        _check_zones(aws, new["subnetIds"])
        aws.rds.modify_db_subnet_group(
            DBSubnetGroupName=change.id, DBSubnetGroupDescription=new["description"], SubnetIds=new["subnetIds"]
        )
    tagging.rds_retag(aws, change.old["arn"], change)


def _delete(aws: Aws, name: str, _olds: Props) -> None:
    def delete() -> None:
        for one in aws.rds.describe_db_instances()["DBInstances"]:
            if one.get("DBSubnetGroup", {}).get("DBSubnetGroupName") == name:
                raise InUseError(
                    f"InvalidDBSubnetGroupStateFault: Cannot delete the subnet group '{name}' because at least one "
                    f"database instance: {one['DBInstanceIdentifier']} is still using it."
                )
        with unless(*GONE):
            aws.rds.delete_db_subnet_group(DBSubnetGroupName=name)

    aws.deleting(delete, (), aws.limit(SECONDS))


SUBNET_GROUP = AwsType(
    token="aws:rds/subnetGroup:SubnetGroup",
    inputs={
        "description": text(default="Managed by Pulumi"),
        "name": text(
            length(1, 255),
            matches(r"[0-9a-z_ .-]*", "have only small letters, digits, spaces and ._-"),
            not_matching("default$", "be default"),
            replaces=True,
        ),
        "subnetIds": strings(required=True),
        **tags(),
    },
    outputs=("arn", "supportedNetworkTypes", "vpcId"),
    autoname="name",
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
)
