"""Which AWS action a request asks for, and how an error is said in its protocol: query, EC2's query, JSON, REST.

In: a WSGI request. Out: what it asks, and answers of the faults in the words that each service has for them.
"""

import io
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

Environ = dict[str, Any]

CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/aws4_request")
OPERATION = re.compile(r"/service/[^/]+/operation/([^/]+)$")
IAM_NAMES = {"monitoring": "cloudwatch"}  # services that sign by another name than policies have
REQUEST = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Asked:
    """One request: by which access key, for which action; `action` is "" where only a REST path says it (S3)."""

    key: str
    service: str
    action: str
    protocol: str  # query | ec2 | json | rest


@dataclass(frozen=True)
class Said:
    """An error: HTTP's status, AWS's code and message."""

    status: str
    code: str
    message: str


BAD, FORBIDDEN, BUSY = "400 Bad Request", "403 Forbidden", "503 Service Unavailable"
UNAVAILABLE = Said(BUSY, "ServiceUnavailable", "The request has failed due to a temporary failure of the server.")
EXPIRED = "The security token included in the request is expired"
THROTTLED = {
    "query": Said(BAD, "Throttling", "Rate exceeded"),
    "ec2": Said(BUSY, "RequestLimitExceeded", "Request limit exceeded."),
    "json": Said(BAD, "ThrottlingException", "Rate exceeded"),
    "rest": Said(BUSY, "SlowDown", "Please reduce your request rate."),
}
TOKEN_EXPIRED = {
    "query": Said(FORBIDDEN, "ExpiredToken", EXPIRED),
    "ec2": Said(BAD, "RequestExpired", "Request has expired."),
    "json": Said(BAD, "ExpiredTokenException", EXPIRED),
    "rest": Said(BAD, "ExpiredToken", "The provided token has expired."),
}


def asked(environ: Environ) -> Asked:
    """What *environ* asks for, its body left to be read again."""
    signed = CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    key, service = signed.groups() if signed else ("", "")
    service = IAM_NAMES.get(service, service)
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return Asked(key, service, target.rpartition(".")[2], "json")
    if operation := OPERATION.search(environ.get("PATH_INFO", "")):
        return Asked(key, service, operation[1], "json")
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        action = parse_qs(body.decode()).get("Action", [""])[0]
        return Asked(key, service, action, "ec2" if service == "ec2" else "query")
    return Asked(key, service, "", "rest")


def error(protocol: str, said: Said) -> tuple[bytes, str]:
    """The body of an error, and its content type."""
    if protocol == "json":
        return json.dumps({"__type": said.code, "message": said.message}).encode(), "application/x-amz-json-1.0"
    told = f"<Code>{said.code}</Code><Message>{escape(said.message)}</Message>"
    match protocol:
        case "ec2":
            text = f"<Response><Errors><Error>{told}</Error></Errors><RequestID>{REQUEST}</RequestID></Response>"
        case "rest":
            text = f"<Error>{told}<RequestId>{REQUEST}</RequestId></Error>"
        case _:
            inner = f"<Error><Type>Sender</Type>{told}</Error><RequestId>{REQUEST}</RequestId>"
            text = f"<ErrorResponse>{inner}</ErrorResponse>"
    return text.encode(), "text/xml"
