"""The data layer's shell on AWS: what holds data and outlives every slice.

In: the service's name. Out: a private, encrypted, versioned bucket, protected and retained; its name is given to every
instance as `SLUICE_BUCKET`.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from pulumi import Output, ResourceOptions


@dataclass(frozen=True, kw_only=True)
class DataArgs:
    """`tags`: what the bucket is tagged with beside the provider's default tags."""

    tags: dict[str, str]


class Data(pulumi.ComponentResource):
    """What no release, rollback or retirement can delete. Outputs: `bucket` (name), `arn`."""

    bucket: Output[str]
    arn: Output[str]

    def __init__(self, name: str, args: DataArgs, opts: ResourceOptions) -> None:
        super().__init__("sluice:aws:Data", name, None, opts)
        self._name = name
        self._args = args
        bucket = self._bucket()
        self._versioning(bucket)
        self._encryption(bucket)
        self._policy(bucket, self._public_access_block(bucket))
        self.bucket = bucket.bucket
        self.arn = bucket.arn
        self.register_outputs({"bucket": self.bucket, "arn": self.arn})

    def _bucket(self) -> aws.s3.Bucket:
        return aws.s3.Bucket(f"{self._name}-data", tags=self._args.tags, opts=self._opts())

    def _versioning(self, bucket: aws.s3.Bucket) -> aws.s3.BucketVersioning:
        return aws.s3.BucketVersioning(
            f"{self._name}-data",
            bucket=bucket.bucket,
            versioning_configuration={"status": "Enabled"},
            opts=self._opts(),
        )

    def _encryption(self, bucket: aws.s3.Bucket) -> aws.s3.BucketServerSideEncryptionConfiguration:
        how = aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="AES256"
        )
        rule = aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(apply_server_side_encryption_by_default=how)
        return aws.s3.BucketServerSideEncryptionConfiguration(
            f"{self._name}-data", bucket=bucket.bucket, rules=[rule], opts=self._opts()
        )

    def _public_access_block(self, bucket: aws.s3.Bucket) -> aws.s3.BucketPublicAccessBlock:
        return aws.s3.BucketPublicAccessBlock(
            f"{self._name}-data",
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._opts(),
        )

    def _policy(self, bucket: aws.s3.Bucket, after: pulumi.Resource) -> aws.s3.BucketPolicy:
        """Only over TLS. After the access block: two changes of one fresh bucket at once are refused by S3."""
        document = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "OnlyOverTls",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [bucket.arn, Output.concat(bucket.arn, "/*")],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ],
        }
        return aws.s3.BucketPolicy(
            f"{self._name}-data",
            bucket=bucket.bucket,
            policy=Output.json_dumps(document),
            opts=self._opts(after),
        )

    def _opts(self, *after: pulumi.Resource) -> ResourceOptions:
        return ResourceOptions(parent=self, protect=True, retain_on_delete=True, depends_on=list(after))
