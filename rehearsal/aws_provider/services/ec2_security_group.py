"""aws:ec2/securityGroup:SecurityGroup

Inline rules are not served: they fight with the separate rule resources.
"""

from rehearsal.aws_provider import tagging
from rehearsal.aws_provider.cloud import Aws, found, unless
from rehearsal.aws_provider.schema import AwsType, tags
from rehearsal.aws_provider.services.ec2_holders import refuse_if_group_is_held
from rehearsal.provider.rules import length, matches, not_matching
from rehearsal.provider.schema import Change, boolean, text
from rehearsal.provider.values import Props

GONE = ("InvalidGroup.NotFound", "InvalidGroupId.NotFound")
DELETE_SECONDS = 900.0
WORDS = matches(r"[0-9A-Za-z_ .:/()#,@\[\]+=&;{}!$*-]*", "have only letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*")


def _create(aws: Aws, props: Props) -> str:
    made = aws.ec2.create_security_group(
        GroupName=props["name"],
        Description=props["description"],
        **({"VpcId": props["vpcId"]} if props.get("vpcId") else {}),
        **tagging.ec2_specification("security-group", props),
    )
    return made["GroupId"]


def _complete(aws: Aws, group: str, _props: Props) -> None:
    """Take AWS's allow-all egress away, as the real provider does: what may leave is declared, or nothing is."""
    live = aws.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    if live["IpPermissionsEgress"]:
        aws.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=live["IpPermissionsEgress"])


def _read(aws: Aws, group: str, _given: Props) -> Props | None:
    answer = found(lambda: aws.ec2.describe_security_groups(GroupIds=[group]), *GONE)
    if not answer or not answer["SecurityGroups"]:
        return None
    live = answer["SecurityGroups"][0]
    return {
        "arn": f"arn:aws:ec2:{aws.region}:{live['OwnerId']}:security-group/{group}",
        "description": live["Description"],
        "name": live["GroupName"],
        "ownerId": live["OwnerId"],
        "vpcId": live["VpcId"],
        "tagsAll": tagging.to_map(live.get("Tags")),
    }


def _update(aws: Aws, change: Change) -> None:
    tagging.ec2_retag(aws, change.id, change)


def _delete(aws: Aws, group: str, olds: Props) -> None:
    if olds.get("revokeRulesOnDelete"):
        _revoke_all(aws, group)

    def delete() -> None:
        refuse_if_group_is_held(aws, group)
        with unless(*GONE):
            aws.ec2.delete_security_group(GroupId=group)

    aws.deleting(delete, ("DependencyViolation", "InvalidGroup.InUse"), aws.limit(DELETE_SECONDS))


def _revoke_all(aws: Aws, group: str) -> None:
    answer = found(lambda: aws.ec2.describe_security_groups(GroupIds=[group]), *GONE)
    for live in answer["SecurityGroups"] if answer else []:
        if live["IpPermissions"]:
            aws.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=live["IpPermissions"])
        if live["IpPermissionsEgress"]:
            aws.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=live["IpPermissionsEgress"])


SECURITY_GROUP = AwsType(
    token="aws:ec2/securityGroup:SecurityGroup",
    inputs={
        "description": text(length(1, 255), WORDS, default="Managed by Pulumi", replaces=True),
        "name": text(length(1, 255), not_matching("sg-", "begin with sg-"), replaces=True),
        "revokeRulesOnDelete": boolean(default=False, local=True),
        "vpcId": text(computed=True, replaces=True),
        **tags(),
    },
    outputs=("arn", "ownerId"),
    autoname="name",
    create=_create,
    complete=_complete,
    read=_read,
    update=_update,
    delete=_delete,
)
