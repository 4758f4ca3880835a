"""The names of AWS's actions, as in an IAM policy: `ModifyRule`, `Describe*`, `elasticloadbalancing:Modify*`."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache

from botocore.session import get_session

# Services, as IAM policies name them → as botocore does.
SERVICES = {
    "elasticloadbalancing": "elbv2",
    "autoscaling": "autoscaling",
    "cloudwatch": "cloudwatch",
    "sts": "sts",
    "iam": "iam",
    "rds": "rds",
    "secretsmanager": "secretsmanager",
    "s3": "s3",
    "ec2": "ec2",
}


def matches(pattern: str, service: str, action: str) -> bool:
    """Whether *pattern* names *action* of *service*; without `SERVICE:` it does so in any."""
    return fnmatchcase(f"{service}:{action}" if ":" in pattern else action, pattern)


@cache
def exist(pattern: str) -> bool:
    """Whether *pattern* names any action that a cloud may be asked for."""
    return any(matches(pattern, service, action) for service in SERVICES for action in _of(service))


@cache
def _of(service: str) -> Iterable[str]:
    return get_session().get_service_data(SERVICES[service])["operations"]
