"""The provider of every AWS resource, of the same account and region as the session's clients.

In: the session, tags. Out: one explicit `aws.Provider`.
"""

from collections.abc import Mapping

import pulumi_aws as aws

from components.aws.session import Session

SERVICES = ("autoscaling", "ec2", "elbv2", "iam", "rds", "s3", "sts")


def provider(session: Session, tags: Mapping[str, str]) -> aws.Provider:
    """The provider of every resource: it refuses any account but the one the session's clients speak to."""
    config, local = session.config, session.endpoint is not None
    endpoints = aws.ProviderEndpointArgs(**dict.fromkeys(SERVICES, session.endpoint))
    return aws.Provider(
        "aws",
        region=session.region,
        profile=config.get("profile"),
        access_key=config.get("accessKey"),
        secret_key=config.get("secretKey"),
        token=config.get("token"),
        assume_roles=config.get("assumeRoles"),
        allowed_account_ids=[session.account],
        endpoints=[endpoints] if local else None,
        s3_use_path_style=True if local else None,
        skip_metadata_api_check=True if local else None,
        default_tags={"tags": dict(tags)},
    )
