"""aws:s3/bucket:Bucket; what belongs to it is declared by the resources of `s3_parts`"""

from rehearsal.aws_provider import tagging
from rehearsal.aws_provider.cloud import Aws, found, unless
from rehearsal.aws_provider.schema import AwsType, tags
from rehearsal.provider.rules import length, matches
from rehearsal.provider.schema import Change, boolean, text
from rehearsal.provider.values import Props

GONE = ("NoSuchBucket", "404", "NotFound")
NO_TAGS = "NoSuchTagSet"
ZONE = "Z3AQBSTGFYJSTF"  # of S3 websites in us-east-1


def _create(aws: Aws, props: Props) -> str:
    name = props["bucket"]
    place = {"CreateBucketConfiguration": {"LocationConstraint": aws.region}} if aws.region != "us-east-1" else {}
    lock = {"ObjectLockEnabledForBucket": True} if props.get("objectLockEnabled") else {}
    aws.s3.create_bucket(Bucket=name, **place, **lock)
    return name


def _complete(aws: Aws, name: str, props: Props) -> None:
    if props["tagsAll"]:
        aws.s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tagging.to_list(props["tagsAll"])})


def _read(aws: Aws, name: str, _given: Props) -> Props | None:
    if found(lambda: aws.s3.head_bucket(Bucket=name), *GONE) is None:
        return None
    region = aws.s3.get_bucket_location(Bucket=name).get("LocationConstraint") or "us-east-1"
    live = found(lambda: aws.s3.get_bucket_tagging(Bucket=name), NO_TAGS)
    lock = found(lambda: aws.s3.get_object_lock_configuration(Bucket=name), "ObjectLockConfigurationNotFoundError")
    configuration = (lock or {}).get("ObjectLockConfiguration", {})
    return {
        "arn": f"arn:aws:s3:::{name}",
        "bucket": name,
        "bucketDomainName": f"{name}.s3.amazonaws.com",
        "bucketRegion": region,
        "bucketRegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
        "hostedZoneId": ZONE,
        "objectLockEnabled": configuration.get("ObjectLockEnabled") == "Enabled",
        "tagsAll": tagging.to_map(live["TagSet"] if live else []),
    }


def _update(aws: Aws, change: Change) -> None:
    put, gone = tagging.changed(change)
    if not put and not gone:
        return
    if change.new["tagsAll"]:
        _complete(aws, change.id, change.new)
    else:
        aws.s3.delete_bucket_tagging(Bucket=change.id)


def _delete(aws: Aws, name: str, olds: Props) -> None:
    with unless(*GONE):
        if olds.get("forceDestroy"):
            _empty(aws, name)
        aws.s3.delete_bucket(Bucket=name)


def _empty(aws: Aws, name: str) -> None:
    for key in ("Versions", "DeleteMarkers"):
        for page in aws.s3.get_paginator("list_object_versions").paginate(Bucket=name):
            for one in page.get(key, []):
                aws.s3.delete_object(Bucket=name, Key=one["Key"], VersionId=one["VersionId"])


BUCKET = AwsType(
    token="aws:s3/bucket:Bucket",
    inputs={
        "bucket": text(
            length(3, 63),
            matches(r"[a-z0-9][a-z0-9.-]*[a-z0-9]", "have only small letters, digits, dots and hyphens"),
            matches(r".*(?<!--x-s3)", "not end with --x-s3"),
            replaces=True,
        ),
        "forceDestroy": boolean(default=False, local=True),
        "objectLockEnabled": boolean(computed=True, replaces=True),
        **tags(),
    },
    outputs=("arn", "bucketDomainName", "bucketRegion", "bucketRegionalDomainName", "hostedZoneId"),
    autoname="bucket",
    autoname_lower=True,
    create=_create,
    complete=_complete,
    read=_read,
    update=_update,
    delete=_delete,
)
