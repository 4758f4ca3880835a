"""Asking AWS: what it refuses becomes a RouterError that says what was tried, and whether trying again may help.

In: a call of a boto3 client. Out: its answer, or RouterError.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from botocore import exceptions as botocore
from botocore.exceptions import BotoCoreError, ClientError

from rollout.errors import RouterError

PASSING = (  # what AWS says when the same call may go through a little later; 5xx are the others
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "ResourceContention",  # Auto Scaling: another change of the same fleet is under way
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
)
LOST = (botocore.ConnectionError, botocore.HTTPClientError)  # no connection, or none that lasted

T = TypeVar("T")


def asked(what: str, call: Callable[[], T]) -> T:
    """*call*'s answer; what AWS refuses becomes a RouterError that says what was tried."""
    try:
        return call()
    except (ClientError, BotoCoreError) as error:
        raise RouterError(f"{what}: {error}", passing=_passes(error)) from error


def pages(what: str, client: Any, operation: str, key: str, **query: Any) -> list[dict[str, Any]]:
    """Every *key* of all pages that *operation* of *client* answers to *query*."""
    answers = client.get_paginator(operation).paginate(**query)
    return asked(what, lambda: [one for page in answers for one in page[key]])


def _passes(error: ClientError | BotoCoreError) -> bool:
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 or error.response.get("Error", {}).get("Code") in PASSING
    return isinstance(error, LOST) and not isinstance(error, botocore.SSLError)
