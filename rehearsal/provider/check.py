"""Inputs before anything is made: refused with path and reason, or completed with names and defaults.

A preview does the same, so that what the provider would refuse is seen before a slice is built. Values that only `up`
will know pass unseen.
"""

import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from rehearsal.provider import schema
from rehearsal.provider.schema import Failure, Field, ResourceType
from rehearsal.provider.values import UNKNOWN, Props

DEFAULTS = "__defaults"  # which inputs the program did not give, as the real provider keeps it
KINDS: Mapping[str, tuple[type, ...]] = {
    schema.TEXT: (str,),
    schema.DOCUMENT: (str,),
    schema.INTEGER: (int,),
    schema.BOOLEAN: (bool,),
    schema.BLOCK: (dict,),
    schema.MAP: (dict,),
    schema.LIST: (list,),
    schema.SET: (list,),
}


def check(
    kind: ResourceType, olds: Props, news: Props, *, logical: str, given_to_all: Props | None = None, seed: bytes = b""
) -> tuple[Props, list[Failure]]:
    """The inputs as they will be recorded, and why they are refused.

    *logical* is the resource's name in the program; *seed* makes its suffix. *given_to_all* is what every resource
    that does not say otherwise takes from its provider, as far as it has such an input.
    """
    given = {key: value for key, value in news.items() if key != DEFAULTS}
    filled = _defaults(kind.fields, given)
    filled |= _names(kind, logical, olds, given, seed)
    filled |= {name: one for name, one in (given_to_all or {}).items() if name in kind.fields and name not in given}
    inputs = {**given, **{name: filled[name] for name in filled}}
    whole = {
        name: _filled(kind.fields[name], value) if name in kind.fields else value for name, value in inputs.items()
    }
    failures = [*_fields(kind.fields, whole, ""), *_groups(kind, given)]
    if not failures and kind.plan:
        failures = kind.plan(whole)
    return {**whole, DEFAULTS: sorted(filled)}, failures


def _names(kind: ResourceType, logical: str, olds: Props, given: Props, seed: bytes) -> Props:
    """The name the provider makes up, once; afterwards it is the one recorded."""
    name = kind.autoname
    if not name or name in given:
        return {}
    if name in olds and name in olds.get(DEFAULTS, []):
        return {name: olds[name]}
    suffix = (seed.hex() or secrets.token_hex(4))[:7]
    made = f"{logical}-{suffix}"
    return {name: made.lower() if kind.autoname_lower else made}


def _defaults(fields: Mapping[str, Field], given: Props) -> Props:
    return {name: one.default for name, one in fields.items() if one.default is not None and name not in given}


def _filled(one: Field, value: Any) -> Any:
    """*value* with the defaults inside its blocks."""
    if one.kind == schema.BLOCK and isinstance(value, dict):
        whole = {**_defaults(one.fields, value), **value}
        return {name: _filled(one.fields[name], part) if name in one.fields else part for name, part in whole.items()}
    if one.of is not None and isinstance(value, list):
        return [_filled(one.of, item) for item in value]
    return value


def _fields(fields: Mapping[str, Field], given: Props, path: str) -> Iterator[Failure]:
    for name in given:
        if name not in fields:
            yield Failure(_under(path, name), f"unknown property; this stand-in serves {', '.join(sorted(fields))}")
    for name, one in fields.items():
        if name in given:
            yield from _value(one, given[name], _under(path, name))
        elif one.required:
            yield Failure(_under(path, name), "missing required property")


def _value(one: Field, value: Any, path: str) -> Iterator[Failure]:
    if value is UNKNOWN:
        return
    if not isinstance(value, KINDS[one.kind]) or (isinstance(value, bool) and one.kind != schema.BOOLEAN):
        yield Failure(path, f"must be {one.kind}, not {value!r}")
        return
    for rule in one.rules:
        if reason := rule(value):
            yield Failure(path, f"{_short(value)} {reason}")
    if isinstance(value, list):
        yield from _items(one, value, path)
    elif isinstance(value, dict) and one.of is not None:
        for key, item in value.items():
            yield from _value(one.of, item, f'{path}["{key}"]')
    elif isinstance(value, dict):
        yield from _fields(one.fields, value, path)


def _items(one: Field, values: list[Any], path: str) -> Iterator[Failure]:
    if len(values) < one.least:
        yield Failure(path, f"needs at least {one.least}, has {len(values)}")
    if one.most is not None and len(values) > one.most:
        yield Failure(path, f"takes at most {one.most}, has {len(values)}")
    assert one.of is not None
    for index, item in enumerate(values):
        yield from _value(one.of, item, f"{path}[{index}]")


def _groups(kind: ResourceType, given: Props) -> Iterator[Failure]:
    for names in kind.one_of:
        present = [name for name in names if name in given]
        if len(present) != 1:
            yield Failure(names[0], f"exactly one of {', '.join(names)} must be given, {_count(present)}")
    for names in kind.at_most_one:
        present = [name for name in names if name in given]
        if len(present) > 1:
            yield Failure(present[1], f"conflicts with {present[0]}")


def _count(present: list[str]) -> str:
    return f"these are: {', '.join(present)}" if present else "none is"


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}…"


def _under(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
