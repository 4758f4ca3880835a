"""What an installed Pulumi SDK knows of a type: the names of its arguments and outputs, and what it requires."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

from rehearsal.provider.schema import Field


def properties(arguments: type) -> dict[str, tuple[bool, str]]:
    """Pulumi's name of each property → is it required, and its annotation."""
    parameters = inspect.signature(arguments.__init__).parameters
    found = {}
    for name, one in vars(arguments).items():
        if isinstance(one, property) and one.fget:
            needed = parameters[name].default is inspect.Parameter.empty
            found[_name(one.fget)] = (needed, str(one.fget.__annotations__["return"]))
    return found


def outputs(resource: type) -> set[str]:
    """Pulumi's name of each output."""
    return {_name(one.fget) for one in vars(resource).values() if isinstance(one, property)}


def strange(fields: Any, arguments: type, module: Any, path: str = "") -> Iterator[str]:
    """The names among *fields* that *arguments* does not have."""
    known = properties(arguments)
    for name, one in fields.items():
        if name not in known:
            yield f"{path}{name}"
            continue
        inner: Field = one.of if one.of is not None else one
        nested = re.search(r"(\w+Args)'", known[name][1])
        if inner.fields and nested:
            yield from strange(inner.fields, getattr(module, nested[1]), module, f"{path}{name}.")
        elif inner.fields:
            yield f"{path}{name} is no block"


def _name(getter: Any) -> str:
    return getattr(getter, "_pulumi_name", getter.__name__)
