"""The conditions of a listener rule: their fields, and the way to the API and back."""

from typing import Any

from rehearsal.provider.rules import any_network, length, matches
from rehearsal.provider.schema import SET, Failure, Field, bag, block, text
from rehearsal.provider.values import UNKNOWN, Props

MOST_VALUES = 5  # of one rule, over all its conditions
FIELDS = {
    "hostHeader": ("host-header", "HostHeaderConfig"),
    "pathPattern": ("path-pattern", "PathPatternConfig"),
    "httpHeader": ("http-header", "HttpHeaderConfig"),
    "httpRequestMethod": ("http-request-method", "HttpRequestMethodConfig"),
    "queryStrings": ("query-string", "QueryStringConfig"),
    "sourceIp": ("source-ip", "SourceIpConfig"),
}
TOKEN = matches(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,40}", "be at most 40 characters of a header's name")


def _values(*rules: Any) -> Field:
    return bag(text(*(rules or (length(1, 128),))), required=True, least=1)


CONDITIONS = Field(
    kind=SET,
    required=True,
    least=1,
    of=block(
        {
            "hostHeader": block({"values": _values()}),
            "pathPattern": block({"values": _values()}),
            "httpHeader": block({"httpHeaderName": text(TOKEN, required=True), "values": _values()}),
            "httpRequestMethod": block({"values": _values(matches("[A-Z_-]{1,40}", "be a method in capitals"))}),
            "queryStrings": bag(block({"key": text(length(1, 128)), "value": text(length(1, 128), required=True)})),
            "sourceIp": block({"values": _values(any_network)}),
        }
    ),
)


def plan(conditions: Any) -> list[Failure]:
    """Conditions that are valid field by field but not as a whole."""
    if not isinstance(conditions, list):
        return []
    failures, values = [], 0
    for index, condition in enumerate(conditions):
        if condition is UNKNOWN:
            continue
        if len(condition) != 1:
            failures.append(Failure(f"conditions[{index}]", f"must have exactly one of {', '.join(FIELDS)}"))
        values += sum(_count(part) for part in condition.values())
    if values > MOST_VALUES:
        failures.append(Failure("conditions", f"have {values} values; a rule takes at most {MOST_VALUES}"))
    return failures


def _count(part: Any) -> int:
    held = part.get("values", []) if isinstance(part, dict) else part
    return len(held) if isinstance(held, list) else 0


def to_api(conditions: list[Props]) -> list[dict[str, Any]]:
    """The conditions as the API takes them."""
    return [_to_api(name, part) for condition in conditions for name, part in condition.items()]


def _to_api(name: str, part: Any) -> dict[str, Any]:
    field, config = FIELDS[name]
    if name == "queryStrings":
        pairs = [{("Key" if key == "key" else "Value"): value for key, value in one.items()} for one in part]
        return {"Field": field, config: {"Values": pairs}}
    header = {"HttpHeaderName": part["httpHeaderName"]} if name == "httpHeader" else {}
    return {"Field": field, config: {**header, "Values": part["values"]}}


def from_api(conditions: list[dict[str, Any]]) -> list[Props]:
    """The conditions as the program has them."""
    names = {field: name for name, (field, _) in FIELDS.items()}
    return [_from_api(names[one["Field"]], one) for one in conditions]


def _from_api(name: str, condition: dict[str, Any]) -> Props:
    config = condition.get(FIELDS[name][1]) or {"Values": condition.get("Values", [])}
    if name == "queryStrings":
        pairs = [{key.lower(): value for key, value in one.items()} for one in config["Values"]]
        return {name: pairs}
    header = {"httpHeaderName": config["HttpHeaderName"]} if name == "httpHeader" else {}
    return {name: {**header, "values": config["Values"]}}
