"""aws:iam/role:Role and what hangs on it: RolePolicy, RolePolicyAttachment"""

import json
from typing import Any
from urllib.parse import unquote

from rehearsal.aws_provider import tagging
from rehearsal.aws_provider.cloud import Aws, found, pages, unless
from rehearsal.aws_provider.rules import arn
from rehearsal.aws_provider.schema import AwsType, tags
from rehearsal.provider.rules import between, length, matches, not_matching
from rehearsal.provider.schema import Change, boolean, document, integer, text
from rehearsal.provider.values import Props

GONE = "NoSuchEntity"
NAME = matches(r"[0-9A-Za-z+=,.@_-]*", "have only letters, digits and +=,.@_-")


def is_json(value: str) -> str | None:
    """A rule: a JSON document of at most 10,240 bytes."""
    try:
        json.loads(value)
    except json.JSONDecodeError as error:
        return f"must be JSON ({error})"
    return None if len(value.encode()) <= 10240 else "must be at most 10240 bytes"


def as_text(policy: Any) -> str:
    """A policy as botocore hands it out (parsed) or as the API does (escaped), as text."""
    return json.dumps(policy) if isinstance(policy, dict) else unquote(policy)


def _create_role(aws: Aws, props: Props) -> str:
    names = {"description": "Description", "permissionsBoundary": "PermissionsBoundary"}
    aws.iam.create_role(
        RoleName=props["name"],
        Path=props["path"],
        AssumeRolePolicyDocument=props["assumeRolePolicy"],
        MaxSessionDuration=props["maxSessionDuration"],
        **{theirs: props[ours] for ours, theirs in names.items() if props.get(ours)},
        **({"Tags": tagging.to_list(props["tagsAll"])} if props["tagsAll"] else {}),
    )
    return props["name"]


def _read_role(aws: Aws, name: str, _given: Props) -> Props | None:
    answer = found(lambda: aws.iam.get_role(RoleName=name), GONE)
    if not answer:
        return None
    live = answer["Role"]
    return {
        "arn": live["Arn"],
        "assumeRolePolicy": as_text(live["AssumeRolePolicyDocument"]),
        "createDate": live["CreateDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        "description": live.get("Description", ""),
        "maxSessionDuration": live.get("MaxSessionDuration", 3600),
        "name": name,
        "path": live["Path"],
        "permissionsBoundary": live.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
        "uniqueId": live["RoleId"],
        "tagsAll": tagging.to_map(live.get("Tags")),
    }


def _update_role(aws: Aws, change: Change) -> None:
    name, new = change.id, change.new
    if change.touches("assumeRolePolicy"):
        aws.iam.update_assume_role_policy(RoleName=name, PolicyDocument=new["assumeRolePolicy"])
    if change.touches("description", "maxSessionDuration"):
        aws.iam.update_role(
            RoleName=name, Description=new.get("description", ""), MaxSessionDuration=new["maxSessionDuration"]
        )
    if change.touches("permissionsBoundary"):
        boundary = new.get("permissionsBoundary")
        if boundary:
            aws.iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)
        else:
            aws.iam.delete_role_permissions_boundary(RoleName=name)
    put, gone = tagging.changed(change)
    if put:
        aws.iam.tag_role(RoleName=name, Tags=tagging.to_list(put))
    if gone:
        aws.iam.untag_role(RoleName=name, TagKeys=gone)


def _delete_role(aws: Aws, name: str, olds: Props) -> None:
    with unless(GONE):
        if olds.get("forceDetachPolicies"):
            _detach_all(aws, name)
        aws.iam.delete_role(RoleName=name)


def _detach_all(aws: Aws, name: str) -> None:
    for one in pages(aws.iam, "list_attached_role_policies", "AttachedPolicies", RoleName=name):
        aws.iam.detach_role_policy(RoleName=name, PolicyArn=one["PolicyArn"])
    for policy in aws.iam.list_role_policies(RoleName=name)["PolicyNames"]:
        aws.iam.delete_role_policy(RoleName=name, PolicyName=policy)


def _put_policy(aws: Aws, props: Props) -> str:
    aws.iam.put_role_policy(RoleName=props["role"], PolicyName=props["name"], PolicyDocument=props["policy"])
    return f"{props['role']}:{props['name']}"


def _read_policy(aws: Aws, policy_id: str, _given: Props) -> Props | None:
    role, name = policy_id.split(":", 1)
    live = found(lambda: aws.iam.get_role_policy(RoleName=role, PolicyName=name), GONE)
    return {"role": role, "name": name, "policy": as_text(live["PolicyDocument"])} if live else None


def _update_policy(aws: Aws, change: Change) -> None:
    _put_policy(aws, change.new)


def _delete_policy(aws: Aws, policy_id: str, _olds: Props) -> None:
    role, name = policy_id.split(":", 1)
    with unless(GONE):
        aws.iam.delete_role_policy(RoleName=role, PolicyName=name)


def _attach(aws: Aws, props: Props) -> str:
    aws.iam.attach_role_policy(RoleName=props["role"], PolicyArn=props["policyArn"])
    return f"{props['role']}/{props['policyArn']}"


def _read_attachment(aws: Aws, attachment: str, _given: Props) -> Props | None:
    role, policy = attachment.split("/", 1)
    attached = found(lambda: pages(aws.iam, "list_attached_role_policies", "AttachedPolicies", RoleName=role), GONE)
    held = {one["PolicyArn"] for one in attached or []}
    return {"role": role, "policyArn": policy} if policy in held else None


def _detach(aws: Aws, attachment: str, _olds: Props) -> None:
    role, policy = attachment.split("/", 1)
    with unless(GONE):
        aws.iam.detach_role_policy(RoleName=role, PolicyArn=policy)


ROLE = AwsType(
    token="aws:iam/role:Role",
    inputs={
        "assumeRolePolicy": document(is_json, required=True),
        "description": text(length(0, 1000)),
        "forceDetachPolicies": boolean(default=False, local=True),
        "maxSessionDuration": integer(between(3600, 43200), default=3600),
        "name": text(length(1, 64), NAME, replaces=True),
        "path": text(matches(r"/(.*/)?", "begin and end with a slash"), default="/", replaces=True),
        "permissionsBoundary": text(arn),
        **tags(),
    },
    outputs=("arn", "createDate", "uniqueId"),
    autoname="name",
    regional=False,
    create=_create_role,
    read=_read_role,
    update=_update_role,
    delete=_delete_role,
)
ROLE_POLICY = AwsType(
    token="aws:iam/rolePolicy:RolePolicy",
    inputs={
        "name": text(length(1, 128), NAME, replaces=True),
        "policy": document(is_json, required=True),
        "role": text(not_matching("arn:", "be an ARN: give the role's name"), required=True, replaces=True),
    },
    autoname="name",
    regional=False,
    create=_put_policy,
    read=_read_policy,
    update=_update_policy,
    delete=_delete_policy,
)
ROLE_POLICY_ATTACHMENT = AwsType(
    token="aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    inputs={"policyArn": text(arn, required=True, replaces=True), "role": text(required=True, replaces=True)},
    regional=False,
    delete_first=True,
    create=_attach,
    read=_read_attachment,
    delete=_detach,
)
