"""aws:iam/instanceProfile:InstanceProfile; its role changes in place"""

from rehearsal.aws_provider import tagging
from rehearsal.aws_provider.cloud import Aws, found, unless
from rehearsal.aws_provider.schema import AwsType, tags
from rehearsal.aws_provider.services.iam_role import GONE, NAME
from rehearsal.provider.rules import length, matches
from rehearsal.provider.schema import Change, text
from rehearsal.provider.values import Props


def _create(aws: Aws, props: Props) -> str:
    aws.iam.create_instance_profile(
        InstanceProfileName=props["name"],
        Path=props["path"],
        **({"Tags": tagging.to_list(props["tagsAll"])} if props["tagsAll"] else {}),
    )
    return props["name"]


def _complete(aws: Aws, name: str, props: Props) -> None:
    if props.get("role"):
        aws.iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=props["role"])


def _read(aws: Aws, name: str, _given: Props) -> Props | None:
    answer = found(lambda: aws.iam.get_instance_profile(InstanceProfileName=name), GONE)
    if not answer:
        return None
    live = answer["InstanceProfile"]
    return {
        "arn": live["Arn"],
        "createDate": live["CreateDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        "name": name,
        "path": live["Path"],
        "role": live["Roles"][0]["RoleName"] if live["Roles"] else "",
        "uniqueId": live["InstanceProfileId"],
        "tagsAll": tagging.to_map(live.get("Tags")),
    }


def _update(aws: Aws, change: Change) -> None:
    if change.touches("role"):
        _remove_role(aws, change.id, change.old.get("role"))
        _complete(aws, change.id, change.new)
    put, gone = tagging.changed(change)
    if put:
        aws.iam.tag_instance_profile(InstanceProfileName=change.id, Tags=tagging.to_list(put))
    if gone:
        aws.iam.untag_instance_profile(InstanceProfileName=change.id, TagKeys=gone)


def _remove_role(aws: Aws, name: str, role: str | None) -> None:
    if role:
        with unless(GONE):
            aws.iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role)


def _delete(aws: Aws, name: str, olds: Props) -> None:
    _remove_role(aws, name, olds.get("role"))
    with unless(GONE):
        aws.iam.delete_instance_profile(InstanceProfileName=name)


INSTANCE_PROFILE = AwsType(
    token="aws:iam/instanceProfile:InstanceProfile",
    inputs={
        "name": text(length(1, 128), NAME, replaces=True),
        "path": text(matches(r"/(.*/)?", "begin and end with a slash"), default="/", replaces=True),
        "role": text(),
        **tags(),
    },
    outputs=("arn", "createDate", "uniqueId"),
    autoname="name",
    regional=False,
    create=_create,
    complete=_complete,
    read=_read,
    update=_update,
    delete=_delete,
)
