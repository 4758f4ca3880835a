"""What load balancers and target groups share: how they may be called, and attributes as key and value."""

from collections.abc import Mapping
from typing import Any

from rehearsal.provider.rules import Rule, length, matches, not_matching
from rehearsal.provider.values import Props

NAME: tuple[Rule, ...] = (
    length(1, 32),
    matches(r"[0-9A-Za-z-]*", "have only letters, digits and hyphens"),
    not_matching("-", "begin with a hyphen"),
    matches(r".*[^-]|", "not end with a hyphen"),
)


def suffix(arn: str) -> str:
    """The part of an ARN that CloudWatch uses as a dimension: `app/name/hash`, `targetgroup/name/hash`."""
    resource = arn.split(":", 5)[5]
    return resource.removeprefix("loadbalancer/")


def from_attributes(attributes: list[dict[str, str]], keys: Mapping[str, tuple[str, Any]]) -> Props:
    """Each property of *keys* (name → API key, default); what the API's attributes do not name is the default."""
    live = {one["Key"]: one.get("Value", "") for one in attributes}
    return {name: _typed(live.get(key, ""), default) for name, (key, default) in keys.items()}


def to_attributes(values: Mapping[str, Any], keys: Mapping[str, tuple[str, Any]]) -> list[dict[str, str]]:
    """The API's attributes for those of *values* that *keys* names."""
    return [{"Key": keys[name][0], "Value": _said(value)} for name, value in values.items() if name in keys]


def _typed(value: str, default: Any) -> Any:
    if value == "":
        return default
    if isinstance(default, bool):
        return value == "true"
    return int(value) if isinstance(default, int) else value


def _said(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
