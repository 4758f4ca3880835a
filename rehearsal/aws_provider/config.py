"""The provider's own configuration: which local AWS, whose credentials, which region and tags.

Refused unless every endpoint is on loopback, so that the stand-in can never change a real account.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from rehearsal.aws_provider.cloud import Cloud
from rehearsal.aws_provider.errors import AWS_ERRORS, told
from rehearsal.cloud import loopback
from rehearsal.provider.errors import RefusedError
from rehearsal.provider.values import UNKNOWN

SERVICES = {  # boto3's name → the names `endpoints` knows it by
    "ec2": ("ec2",),
    "elbv2": ("elbv2", "elb", "elasticloadbalancingv2", "elasticloadbalancing"),
    "autoscaling": ("autoscaling",),
    "iam": ("iam",),
    "rds": ("rds",),
    "s3": ("s3",),
    "sts": ("sts",),
}
CREDENTIALS = {"accessKey": "aws_access_key_id", "secretKey": "aws_secret_access_key", "token": "aws_session_token"}
SKIPS = ("skipCredentialsValidation", "skipRequestingAccountId", "skipMetadataApiCheck", "skipRegionValidation")
NAMES = {
    *CREDENTIALS,
    *SKIPS,
    *("region", "profile", "endpoints", "assumeRoles", "allowedAccountIds", "defaultTags", "s3UsePathStyle", "version"),
}


def configured(args: Mapping[str, Any], environment: Mapping[str, str]) -> Cloud:
    """The cloud that the provider's *args* and the *environment* name; RefusedError says what to write instead."""
    if strange := set(args) - NAMES:
        raise RefusedError(f"provider aws: unknown key {_listed(strange)}; this stand-in knows {_listed(NAMES)}")
    values = {name: _decoded(name, value) for name, value in args.items() if value is not UNKNOWN}
    region = values.get("region") or environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    if not region:
        raise RefusedError("provider aws: no region; set aws:region or AWS_REGION")
    cloud = Cloud(
        region=region,
        endpoints=_endpoints(values.get("endpoints") or [], environment.get("AWS_ENDPOINT_URL", "")),
        credentials={ours: values[theirs] for theirs, ours in CREDENTIALS.items() if values.get(theirs)},
        profile=values.get("profile"),
        default_tags=(values.get("defaultTags") or {}).get("tags") or {},
        path_style=bool(values.get("s3UsePathStyle")),
    )
    for role in values.get("assumeRoles") or []:
        cloud = _assumed(cloud, role)
    _check_account(cloud, values.get("allowedAccountIds") or [])
    return cloud


def _decoded(name: str, value: Any) -> Any:
    """The SDK sends everything but strings as JSON in a string."""
    if not isinstance(value, str) or name in ("region", "profile", "version", *CREDENTIALS):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        raise RefusedError(f"provider aws: {name} must be JSON, not {value!r}") from None


def _endpoints(given: Any, fallback: str) -> dict[str, str]:
    named = {name: url for one in (given if isinstance(given, list) else [given]) for name, url in one.items() if url}
    if strange := sorted(set(named) - {alias for aliases in SERVICES.values() for alias in aliases}):
        raise RefusedError(f"provider aws: endpoints of {', '.join(strange)} are not served by this stand-in")
    found = {}
    for service, aliases in SERVICES.items():
        url = next((named[alias] for alias in aliases if alias in named), fallback)
        if not url:
            raise RefusedError(
                f"provider aws: no endpoint for {service}. This stand-in works only against a local AWS: run inside "
                "`python -m rehearsal shell`, which sets AWS_ENDPOINT_URL, or install the real pulumi-aws"
            )
        if not is_loopback(url):
            raise RefusedError(
                f"provider aws: the endpoint {url} for {service} is not on loopback; this stand-in refuses to work "
                "anywhere else. For a real account install the real pulumi-aws"
            )
        found[service] = url
    return found


def is_loopback(url: str) -> bool:
    """Whether *url* is of this machine only."""
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and loopback.is_loopback(parts.hostname)


def _assumed(cloud: Cloud, role: Mapping[str, Any]) -> Cloud:
    arguments = {
        "RoleArn": role.get("roleArn"),
        "RoleSessionName": role.get("sessionName") or "sluice-rehearsal",
        "ExternalId": role.get("externalId"),
    }
    try:
        answer = cloud.client("sts", cloud.region).assume_role(**{k: v for k, v in arguments.items() if v})
    except AWS_ERRORS as error:
        raise RefusedError(f"provider aws: assume {role.get('roleArn')}: {told(error)}") from error
    keys = answer["Credentials"]
    credentials = {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }
    return Cloud(cloud.region, cloud.endpoints, credentials, None, cloud.default_tags, cloud.path_style)


def _check_account(cloud: Cloud, allowed: list[str]) -> None:
    if not allowed:
        return
    try:
        account = cloud.client("sts", cloud.region).get_caller_identity()["Account"]
    except AWS_ERRORS as error:
        raise RefusedError(f"provider aws: which account this is: {told(error)}") from error
    if account not in allowed:
        raise RefusedError(f"provider aws: account {account} is not among allowedAccountIds {_listed(allowed)}")


def _listed(names: Any) -> str:
    return ", ".join(sorted(names))
