"""Property values between the wire and plain Python: dict, list, str, int, float, bool, None and UNKNOWN.

Secrets do not come this far: the provider says it takes none, so the engine takes them off and puts them back on every
property of the same name.
"""

from collections.abc import Mapping
from typing import Any

from pulumi.provider.experimental.property_value import Computed, PropertyValue
from pulumi.runtime import rpc

Props = dict[str, Any]


class Unknown:
    """A value that only `up` will know."""

    def __repr__(self) -> str:
        return "<unknown>"


UNKNOWN = Unknown()


def plain(value: PropertyValue) -> Any:
    """*value* without its wrapping; whole numbers become ints, and absent fields are left out of maps."""
    inner = value.value
    if isinstance(inner, Computed) or inner == rpc.UNKNOWN:
        return UNKNOWN
    if isinstance(inner, float) and inner.is_integer():
        return int(inner)
    if isinstance(inner, Mapping):
        return plain_map(inner)
    if isinstance(inner, tuple):
        return [plain(item) for item in inner]
    return inner


def plain_map(values: Mapping[str, PropertyValue]) -> Props:
    """Each of *values* made plain; those that are null are left out."""
    return {key: plain(value) for key, value in values.items() if value.value is not None}


def wrap(value: Any) -> PropertyValue:
    """*value* as the wire wants it."""
    if value is UNKNOWN:
        return PropertyValue(rpc.UNKNOWN)
    if isinstance(value, int) and not isinstance(value, bool):
        return PropertyValue(float(value))
    if isinstance(value, Mapping):
        return PropertyValue(wrap_map(value))
    if isinstance(value, (list, tuple)):
        return PropertyValue([wrap(item) for item in value])
    return PropertyValue(value)


def wrap_map(values: Mapping[str, Any]) -> dict[str, PropertyValue]:
    """Each of *values* wrapped; those that are None are left out."""
    return {key: wrap(value) for key, value in values.items() if value is not None}


def has_unknown(value: Any) -> bool:
    """Whether anything in *value* is only known later."""
    if isinstance(value, Mapping):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return value is UNKNOWN
