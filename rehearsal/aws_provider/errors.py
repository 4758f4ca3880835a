"""What boto3 raises, in words for the person who ran `pulumi up`."""

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from rehearsal.provider.errors import Outside

AWS_ERRORS = (ClientError, BotoCoreError, ResponseParserError)  # all of it


def code(error: ClientError) -> str:
    """AWS's name for what went wrong, such as `TargetGroupNotFound`."""
    return error.response.get("Error", {}).get("Code", "Unknown")


def told(error: Exception) -> str:
    """One of AWS_ERRORS in one line: operation, code, AWS's message."""
    if isinstance(error, ClientError):
        message = error.response.get("Error", {}).get("Message", "")
        return f"{error.operation_name}: {code(error)}: {message}"
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


AWS = Outside(AWS_ERRORS, told)
