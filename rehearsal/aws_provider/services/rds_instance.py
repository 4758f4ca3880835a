"""aws:rds/instance:Instance, alone in its subnets: no replica, no restore, no cluster's"""

from typing import Any

from rehearsal.aws_provider import tagging
from rehearsal.aws_provider.cloud import Aws, found, unless
from rehearsal.aws_provider.schema import AwsType, tags
from rehearsal.provider.errors import RefusedError
from rehearsal.provider.rules import between, length, matches, one_of
from rehearsal.provider.schema import Change, Failure, boolean, integer, strings, text
from rehearsal.provider.values import Props

GONE = ("DBInstanceNotFound", "DBInstanceNotFoundFault")
CREATE, UPDATE, DELETE = 2400.0, 4800.0, 3600.0  # seconds
NAMED: dict[str, str] = {  # ours → the API's, where both say it alike
    "allocatedStorage": "AllocatedStorage",
    "autoMinorVersionUpgrade": "AutoMinorVersionUpgrade",
    "backupRetentionPeriod": "BackupRetentionPeriod",
    "copyTagsToSnapshot": "CopyTagsToSnapshot",
    "deletionProtection": "DeletionProtection",
    "engineVersion": "EngineVersion",
    "instanceClass": "DBInstanceClass",
    "multiAz": "MultiAZ",
    "publiclyAccessible": "PubliclyAccessible",
    "storageType": "StorageType",
}
ONCE: dict[str, str] = {  # at its making alone
    "dbName": "DBName",
    "dbSubnetGroupName": "DBSubnetGroupName",
    "engine": "Engine",
    "manageMasterUserPassword": "ManageMasterUserPassword",
    "password": "MasterUserPassword",
    "storageEncrypted": "StorageEncrypted",
    "username": "MasterUsername",
}


def _create(aws: Aws, props: Props) -> str:
    sent = {api: props[ours] for ours, api in {**NAMED, **ONCE}.items() if props.get(ours) is not None}
    made = aws.rds.create_db_instance(
        DBInstanceIdentifier=props["identifier"],
        **sent,
        **({"VpcSecurityGroupIds": props["vpcSecurityGroupIds"]} if props.get("vpcSecurityGroupIds") else {}),
        Tags=tagging.to_list(props["tagsAll"]),
    )
    return made["DBInstance"]["DbiResourceId"]


def _complete(aws: Aws, resource: str, _props: Props) -> None:
    _until_available(aws, resource, CREATE)


def _until_available(aws: Aws, resource: str, seconds: float) -> None:
    def missing() -> str | None:
        live = _described(aws, resource)
        state = live["DBInstanceStatus"] if live else "gone"
        if state == "failed":
            raise RefusedError(f"RDS DB Instance ({resource}): unexpected state 'failed', wanted target 'available'")
        return None if state == "available" else state

    aws.until(f"RDS DB Instance ({resource}) available", missing, aws.limit(seconds))


def _described(aws: Aws, resource: str) -> dict[str, Any] | None:
    """By its resource id, which is its id here too; its identifier can change."""
    by_id = [{"Name": "dbi-resource-id", "Values": [resource]}]
    answer = found(lambda: aws.rds.describe_db_instances(Filters=by_id), *GONE)
    return answer["DBInstances"][0] if answer and answer["DBInstances"] else None


def _read(aws: Aws, resource: str, given: Props) -> Props | None:
    live = _described(aws, resource)
    if live is None:
        return None
    at = live.get("Endpoint") or {}
    secret = live.get("MasterUserSecret")
    actual, wanted = live["EngineVersion"], given.get("engineVersion")
    return {
        **{ours: live.get(api) for ours, api in NAMED.items()},
        "address": at.get("Address", ""),
        "arn": live["DBInstanceArn"],
        "dbName": live.get("DBName"),
        "dbSubnetGroupName": (live.get("DBSubnetGroup") or {}).get("DBSubnetGroupName"),
        "endpoint": f"{at.get('Address')}:{at.get('Port')}",
        "engine": live["Engine"],
        # What the program says may be the beginning of it, as 17 is of 17.6.
        "engineVersion": wanted if wanted and f"{actual}.".startswith(f"{wanted}.") else actual,
        "engineVersionActual": actual,
        "identifier": live["DBInstanceIdentifier"],
        "manageMasterUserPassword": True if secret else None,
        "masterUserSecrets": [{"secretArn": secret["SecretArn"], "secretStatus": "active"}] if secret else [],
        "port": at.get("Port"),
        "resourceId": live["DbiResourceId"],
        "status": live["DBInstanceStatus"],
        "storageEncrypted": live["StorageEncrypted"],
        "tagsAll": tagging.to_map(live.get("TagList")),
        "username": live["MasterUsername"],
        "vpcSecurityGroupIds": [one["VpcSecurityGroupId"] for one in live["VpcSecurityGroups"]],
    }


def _update(aws: Aws, change: Change) -> None:
    """At once: a change that would wait for the window is one that every preview shows until then."""
    new = change.new
    sent = {api: new[ours] for ours, api in NAMED.items() if change.touches(ours) and new.get(ours) is not None}
    if change.touches("vpcSecurityGroupIds"):
        sent["VpcSecurityGroupIds"] = new["vpcSecurityGroupIds"]
    if change.touches("identifier"):
        sent["NewDBInstanceIdentifier"] = new["identifier"]
    if sent and not new.get("applyImmediately"):
        raise RefusedError("this stand-in knows no maintenance window: write applyImmediately")
    if sent:
        aws.rds.modify_db_instance(DBInstanceIdentifier=change.old["identifier"], ApplyImmediately=True, **sent)
    tagging.rds_retag(aws, change.old["arn"], change)
    _until_available(aws, change.id, UPDATE)


def _delete(aws: Aws, resource: str, olds: Props) -> None:
    """By what is recorded: a final snapshot's name that the program only now says comes too late."""
    live = _described(aws, resource)
    if live is None:
        return
    last = olds.get("finalSnapshotIdentifier")
    if not olds.get("skipFinalSnapshot") and not last:
        raise RefusedError("final_snapshot_identifier is required when skip_final_snapshot is false")
    with unless(*GONE):
        aws.rds.delete_db_instance(
            DBInstanceIdentifier=live["DBInstanceIdentifier"],
            **({"SkipFinalSnapshot": True} if olds.get("skipFinalSnapshot") else {"FinalDBSnapshotIdentifier": last}),
        )
    gone = lambda: "still there" if _described(aws, resource) else None  # noqa: E731
    aws.until(f"RDS DB Instance ({resource}) deleted", gone, aws.limit(DELETE))


def _plan(props: Props) -> list[Failure]:
    if isinstance(props.get("password"), str) and props.get("manageMasterUserPassword") is True:
        return [Failure("password", "conflicts with manageMasterUserPassword")]
    return []


NAME = matches(r"[a-z](?:-?[0-9a-z])*", "begin with a letter and have only small letters, digits and single hyphens")
INSTANCE = AwsType(
    token="aws:rds/instance:Instance",
    inputs={
        "allocatedStorage": integer(computed=True),
        "applyImmediately": boolean(default=False, local=True),
        "autoMinorVersionUpgrade": boolean(default=True),
        "backupRetentionPeriod": integer(between(0, 35), computed=True),
        "copyTagsToSnapshot": boolean(default=False),
        "dbName": text(computed=True, replaces=True),
        "dbSubnetGroupName": text(computed=True),
        "deleteAutomatedBackups": boolean(default=True, local=True),
        "deletionProtection": boolean(default=False),
        "engine": text(one_of("postgres"), computed=True, replaces=True),
        "engineVersion": text(computed=True),
        "finalSnapshotIdentifier": text(
            matches(
                r"[A-Za-z](?:-?[0-9A-Za-z])*", "begin with a letter and have only letters, digits and single hyphens"
            ),
            local=True,
        ),
        "identifier": text(length(1, 63), NAME, computed=True),
        "instanceClass": text(required=True),
        "manageMasterUserPassword": boolean(),
        "multiAz": boolean(computed=True),
        "password": text(local=True),
        "publiclyAccessible": boolean(default=False),
        "skipFinalSnapshot": boolean(default=False, local=True),
        "storageEncrypted": boolean(computed=True, replaces=True),
        "storageType": text(one_of("standard", "gp2", "gp3", "io1", "io2"), computed=True),
        "username": text(computed=True, replaces=True),
        "vpcSecurityGroupIds": strings(computed=True),
        **tags(),
    },
    outputs=(
        *("address", "arn", "endpoint", "engineVersionActual", "masterUserSecrets", "port", "resourceId", "status"),
    ),
    autoname="identifier",
    plan=_plan,
    create=_create,
    complete=_complete,
    read=_read,
    update=_update,
    delete=_delete,
)
