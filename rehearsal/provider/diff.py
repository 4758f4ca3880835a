"""What differs between the recorded state and the wanted inputs, path by path, and what that replaces.

Absent and empty are one; lists without order and JSON documents compare by what they say; what the world
decides differs only when the program gives it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rehearsal.provider import schema
from rehearsal.provider.check import DEFAULTS
from rehearsal.provider.schema import Field, ResourceType
from rehearsal.provider.values import UNKNOWN, Props, has_unknown

ADD, DELETE, UPDATE = "add", "delete", "update"


@dataclass(frozen=True)
class Difference:
    """One path that differs; `name` is the input it belongs to."""

    name: str
    path: str
    how: str
    replaces: bool


def differences(kind: ResourceType, olds: Props, news: Props, ignored: tuple[str, ...] = ()) -> list[Difference]:
    """Every difference of *news* (checked inputs) from *olds* (recorded outputs)."""
    found = []
    for name, one in kind.fields.items():
        for path, how in compare(one, olds.get(name), news.get(name), name):
            if not _is_ignored(path, ignored):
                found.append(Difference(name, path, how, one.replaces))
    return found


def deletes_first(kind: ResourceType, olds: Props, news: Props) -> bool:
    """Whether a replacement has to free the name first: the program gave it, and it stays the same."""
    name = kind.autoname
    if kind.delete_first or not name or name not in news or name in news.get(DEFAULTS, []):
        return kind.delete_first
    return olds.get(name) == news[name]


def compare(one: Field, old: Any, new: Any, path: str) -> Iterator[tuple[str, str]]:
    """The paths under *path* at which *new* differs from *old*, and how."""
    if new is None:
        if not is_empty(old) and not one.computed and one.default is None:
            yield path, DELETE
    elif new is UNKNOWN:
        yield path, ADD if old is None else UPDATE
    elif one.kind == schema.BLOCK:
        yield from _block(one, old, new, path)
    elif one.kind == schema.MAP:
        yield from _map(old or {}, new, path)
    elif one.kind == schema.LIST:
        yield from _list(one, old or [], new, path)
    elif one.kind == schema.SET:
        if not same_set(one, old or [], new):
            yield path, ADD if old is None else UPDATE
    elif not _same_scalar(one, old, new):
        yield path, ADD if old is None else UPDATE


def same(one: Field, old: Any, new: Any) -> bool:
    """Whether *new* asks for nothing that *old* is not."""
    return next(compare(one, old, new, ""), None) is None


def same_set(one: Field, old: list[Any], new: list[Any]) -> bool:
    """Whether each item of the one has its like in the other."""
    assert one.of is not None
    left = list(old)
    for item in new:
        match = next((other for other in left if same(one.of, other, item)), None)
        if match is None:
            return False
        left.remove(match)
    return not left


def is_empty(value: Any) -> bool:
    """Whether *value* says no more than its absence does."""
    if isinstance(value, Mapping):
        return all(is_empty(part) for part in value.values())
    return value is None or value in ("", False, 0) or value == []


def _block(one: Field, old: Any, new: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    if old is None and not is_empty(new):
        yield path, ADD
        return
    for name, part in one.fields.items():
        yield from compare(part, (old or {}).get(name), new.get(name), f"{path}.{name}")


def _map(old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for key in sorted({*old, *new}):
        if old.get(key) != new.get(key):
            how = ADD if key not in old else DELETE if key not in new else UPDATE
            yield f'{path}["{key}"]', how


def _list(one: Field, old: list[Any], new: list[Any], path: str) -> Iterator[tuple[str, str]]:
    assert one.of is not None
    if len(old) != len(new):
        yield path, UPDATE
        return
    for index, (before, after) in enumerate(zip(old, new, strict=True)):
        yield from compare(one.of, before, after, f"{path}[{index}]")


def _same_scalar(one: Field, old: Any, new: Any) -> bool:
    if is_empty(old) and is_empty(new):
        return True
    if one.kind == schema.DOCUMENT and isinstance(old, str) and not has_unknown(new):
        return said(old) == said(new)
    return old == new


def said(document: str) -> Any:
    """What a JSON policy says: order counts nowhere, and a list of one is its item."""
    try:
        return _canonical(json.loads(document))
    except json.JSONDecodeError:
        return document


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canonical(part) for key, part in value.items()}
    if isinstance(value, list):
        parts = sorted((_canonical(part) for part in value), key=lambda part: json.dumps(part, sort_keys=True))
        return parts[0] if len(parts) == 1 else parts
    return value


def _is_ignored(path: str, ignored: tuple[str, ...]) -> bool:
    return any(path == one or path.startswith((f"{one}.", f"{one}[")) for one in ignored)
