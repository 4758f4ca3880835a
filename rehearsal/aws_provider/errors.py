"""What can go wrong, in words for the person who ran `pulumi up`.

RefusedError          the operation did not happen, and why
├── InUseError        something still holds the resource: deletes try again for a while
├── StoppedError      the wait was given up because the engine is stopping
└── UnfinishedError   the resource exists but is not what was asked for; the engine records it as it is
"""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

AWS_ERRORS = (ClientError, BotoCoreError, ResponseParserError)  # all that boto3 raises


class RefusedError(Exception):
    """The message names the operation, the resource and AWS's own code and words."""


class InUseError(RefusedError):
    """As AWS's DependencyViolation or ResourceInUse, where the local AWS would let it pass."""


class StoppedError(RefusedError):
    """The wait was given up because the engine is stopping."""


class UnfinishedError(RefusedError):
    """Made or changed, but not done; `resource_id`, `state` and `inputs` are filled in before the engine gets it."""

    resource_id: str = ""
    state: dict[str, Any]
    inputs: dict[str, Any]


def code(error: ClientError) -> str:
    """AWS's name for what went wrong, such as `TargetGroupNotFound`."""
    return error.response.get("Error", {}).get("Code", "Unknown")


def told(error: Exception) -> str:
    """One of AWS_ERRORS in one line: operation, code, AWS's message."""
    if isinstance(error, ClientError):
        message = error.response.get("Error", {}).get("Message", "")
        return f"{error.operation_name}: {code(error)}: {message}"
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
