"""What belongs to a bucket: versioning, encryption, public access, policy. Each has the bucket's name as its id."""

from rehearsal.aws_provider.cloud import Aws, found, unless
from rehearsal.aws_provider.schema import AwsType
from rehearsal.aws_provider.services.iam_role import is_json
from rehearsal.aws_provider.services.s3_bucket import GONE
from rehearsal.provider.errors import RefusedError
from rehearsal.provider.rules import one_of
from rehearsal.provider.schema import Change, block, boolean, document, listed, text
from rehearsal.provider.values import Props

NO_ENCRYPTION = "ServerSideEncryptionConfigurationNotFoundError"
NO_BLOCK = "NoSuchPublicAccessBlockConfiguration"
NO_POLICY = "NoSuchBucketPolicy"
BLOCKS = {
    "blockPublicAcls": "BlockPublicAcls",
    "blockPublicPolicy": "BlockPublicPolicy",
    "ignorePublicAcls": "IgnorePublicAcls",
    "restrictPublicBuckets": "RestrictPublicBuckets",
}
BUCKET = {"bucket": text(required=True, replaces=True)}


def _version(aws: Aws, bucket: str, status: str) -> None:
    if status != "Disabled":  # what a new bucket is; the API has no such state to set
        aws.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})


def _create_versioning(aws: Aws, props: Props) -> str:
    _version(aws, props["bucket"], props["versioningConfiguration"]["status"])
    return props["bucket"]


def _read_versioning(aws: Aws, bucket: str, _given: Props) -> Props | None:
    live = found(lambda: aws.s3.get_bucket_versioning(Bucket=bucket), *GONE)
    return (
        None
        if live is None
        else {"bucket": bucket, "versioningConfiguration": {"status": live.get("Status", "Disabled")}}
    )


def _update_versioning(aws: Aws, change: Change) -> None:
    status = change.new["versioningConfiguration"]["status"]
    if status == "Disabled":
        raise RefusedError("versioningConfiguration.status cannot be updated from Enabled or Suspended to Disabled")
    _version(aws, change.id, status)


def _delete_versioning(aws: Aws, bucket: str, olds: Props) -> None:
    if olds["versioningConfiguration"]["status"] == "Enabled":
        with unless(*GONE):
            _version(aws, bucket, "Suspended")  # there is no way back; versions stay


def _encrypt(aws: Aws, props: Props) -> str:
    rules = []
    for rule in props["rules"]:
        default = rule.get("applyServerSideEncryptionByDefault") or {}
        names = {"sseAlgorithm": "SSEAlgorithm", "kmsMasterKeyId": "KMSMasterKeyID"}
        given = {theirs: default[ours] for ours, theirs in names.items() if default.get(ours)}
        rules.append(
            {
                **({"ApplyServerSideEncryptionByDefault": given} if given else {}),
                "BucketKeyEnabled": bool(rule.get("bucketKeyEnabled")),
            }
        )
    aws.s3.put_bucket_encryption(Bucket=props["bucket"], ServerSideEncryptionConfiguration={"Rules": rules})
    return props["bucket"]


def _read_encryption(aws: Aws, bucket: str, _given: Props) -> Props | None:
    live = found(lambda: aws.s3.get_bucket_encryption(Bucket=bucket), NO_ENCRYPTION, *GONE)
    if live is None:
        return None
    rules = []
    for rule in live["ServerSideEncryptionConfiguration"]["Rules"]:
        default = rule.get("ApplyServerSideEncryptionByDefault", {})
        shown = {"sseAlgorithm": default.get("SSEAlgorithm"), "kmsMasterKeyId": default.get("KMSMasterKeyID")}
        rules.append(
            {
                "applyServerSideEncryptionByDefault": shown if default else None,
                "bucketKeyEnabled": rule.get("BucketKeyEnabled", False),
            }
        )
    return {"bucket": bucket, "rules": rules}


def _update_encryption(aws: Aws, change: Change) -> None:
    _encrypt(aws, change.new)


def _delete_encryption(aws: Aws, bucket: str, _olds: Props) -> None:
    with unless(*GONE):
        aws.s3.delete_bucket_encryption(Bucket=bucket)


def _block(aws: Aws, props: Props) -> str:
    wanted = {theirs: props[ours] for ours, theirs in BLOCKS.items()}
    aws.s3.put_public_access_block(Bucket=props["bucket"], PublicAccessBlockConfiguration=wanted)
    return props["bucket"]


def _read_block(aws: Aws, bucket: str, _given: Props) -> Props | None:
    live = found(lambda: aws.s3.get_public_access_block(Bucket=bucket), NO_BLOCK, *GONE)
    if live is None:
        return None
    configuration = live["PublicAccessBlockConfiguration"]
    return {"bucket": bucket, **{ours: configuration.get(theirs, False) for ours, theirs in BLOCKS.items()}}


def _update_block(aws: Aws, change: Change) -> None:
    _block(aws, change.new)


def _delete_block(aws: Aws, bucket: str, olds: Props) -> None:
    if not olds.get("skipDestroy"):
        with unless(NO_BLOCK, *GONE):
            aws.s3.delete_public_access_block(Bucket=bucket)


def _put_policy(aws: Aws, props: Props) -> str:
    aws.s3.put_bucket_policy(Bucket=props["bucket"], Policy=props["policy"])
    return props["bucket"]


def _read_policy(aws: Aws, bucket: str, _given: Props) -> Props | None:
    live = found(lambda: aws.s3.get_bucket_policy(Bucket=bucket), NO_POLICY, *GONE)
    return {"bucket": bucket, "policy": live["Policy"]} if live else None


def _update_policy(aws: Aws, change: Change) -> None:
    _put_policy(aws, change.new)


def _delete_policy(aws: Aws, bucket: str, _olds: Props) -> None:
    with unless(NO_POLICY, *GONE):
        aws.s3.delete_bucket_policy(Bucket=bucket)


BUCKET_VERSIONING = AwsType(
    token="aws:s3/bucketVersioning:BucketVersioning",
    inputs={
        **BUCKET,
        "versioningConfiguration": block(
            {"status": text(one_of("Enabled", "Suspended", "Disabled"), required=True)}, required=True
        ),
    },
    create=_create_versioning,
    read=_read_versioning,
    update=_update_versioning,
    delete=_delete_versioning,
)
BUCKET_ENCRYPTION = AwsType(
    token="aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    inputs={
        **BUCKET,
        "rules": listed(
            block(
                {
                    "applyServerSideEncryptionByDefault": block(
                        {
                            "sseAlgorithm": text(one_of("AES256", "aws:kms", "aws:kms:dsse"), required=True),
                            "kmsMasterKeyId": text(),
                        }
                    ),
                    "bucketKeyEnabled": boolean(),
                }
            ),
            required=True,
            least=1,
        ),
    },
    create=_encrypt,
    read=_read_encryption,
    update=_update_encryption,
    delete=_delete_encryption,
)
BUCKET_PUBLIC_ACCESS_BLOCK = AwsType(
    token="aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    inputs={
        **BUCKET,
        **{name: boolean(default=False) for name in BLOCKS},
        "skipDestroy": boolean(local=True),
    },
    create=_block,
    read=_read_block,
    update=_update_block,
    delete=_delete_block,
)
BUCKET_POLICY = AwsType(
    token="aws:s3/bucketPolicy:BucketPolicy",
    inputs={**BUCKET, "policy": document(is_json, required=True)},
    create=_put_policy,
    read=_read_policy,
    update=_update_policy,
    delete=_delete_policy,
)
