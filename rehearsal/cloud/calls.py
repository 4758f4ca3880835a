"""AWS's query protocol, as far as the layer in front of moto needs it.

In: a WSGI request. Out: the call it makes (service, action, parameters), and the XML of an answer or an error.
"""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

CREDENTIAL = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")
NAMESPACES = {
    "elasticloadbalancing": "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
    "autoscaling": "http://autoscaling.amazonaws.com/doc/2011-01-01/",
    "ec2": "http://ec2.amazonaws.com/doc/2016-11-15/",
}
REQUEST_ID = "00000000-0000-0000-0000-000000000000"

Environ = dict[str, Any]


class RefusedError(Exception):
    """AWS would refuse this call: its error *code* and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Call:
    """One API call. Parameters are nested: dicts by name, lists in order, strings."""

    service: str
    action: str
    params: Mapping[str, Any]


def call(environ: Environ) -> Call | None:
    """The call that *environ* makes, its body left to be read again; None when it speaks another protocol."""
    signed = CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    is_form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
    if not signed or signed[1] not in NAMESPACES or not is_form:
        return None
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    params = nested(parse_qsl(body.decode(), keep_blank_values=True))
    return Call(signed[1], params.pop("Action", ""), params)


def nested(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """`Targets.member.1.Id=a` as `{"Targets": [{"Id": "a"}]}`, and EC2's `ImageId.1=a` as `{"ImageId": ["a"]}`."""
    tree: dict[str, Any] = {}
    for key, value in pairs:
        at = tree
        *outer, last = key.split(".")
        for part in outer:
            at = at.setdefault(part, {})
        at[last] = value
    return {key: _listed(value) for key, value in tree.items()}


def _listed(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if set(node) == {"member"}:
        return _listed(node["member"])
    if all(key.isdigit() for key in node):
        return [_listed(node[key]) for key in sorted(node, key=int)]
    return {key: _listed(value) for key, value in node.items()}


def answer(of: Call, result: Mapping[str, Any]) -> bytes:
    """A successful response; lists become `member` elements."""
    body = f"<{of.action}Result>{_xml(result)}</{of.action}Result>"
    metadata = f"<ResponseMetadata><RequestId>{REQUEST_ID}</RequestId></ResponseMetadata>"
    name = f"{of.action}Response"
    return f'<{name} xmlns="{NAMESPACES[of.service]}">{body}{metadata}</{name}>'.encode()


def refusal(of: Call, error: RefusedError) -> bytes:
    """An error response, in the shape that the service uses."""
    fault = _xml({"Code": error.code, "Message": str(error)})
    if of.service == "ec2":
        return (
            f"<Response><Errors><Error>{fault}</Error></Errors><RequestID>{REQUEST_ID}</RequestID></Response>".encode()
        )
    inner = f"<Error><Type>Sender</Type>{fault}</Error><RequestId>{REQUEST_ID}</RequestId>"
    return f'<ErrorResponse xmlns="{NAMESPACES[of.service]}">{inner}</ErrorResponse>'.encode()


def _xml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "".join(f"<{key}>{_xml(inner)}</{key}>" for key, inner in value.items())
    if isinstance(value, list):
        return "".join(f"<member>{_xml(inner)}</member>" for inner in value)
    return escape(str(value))
