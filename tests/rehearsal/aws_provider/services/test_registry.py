"""The tables against the installed SDK: no name that it does not have, and all that it requires."""

import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

from rehearsal.aws_provider.services.registry import TYPES
from rehearsal.provider.schema import Field


@pytest.mark.parametrize("token", TYPES)
def test_every_input_is_one_of_the_sdks(token: str) -> None:
    module, arguments = _arguments(token)
    assert list(_strange(TYPES[token].fields, arguments, module, "")) == []


@pytest.mark.parametrize("token", TYPES)
def test_what_the_sdk_requires_is_required(token: str) -> None:
    _, arguments = _arguments(token)
    required = {name for name, (needed, _) in _properties(arguments).items() if needed}
    assert required - {name for name, one in TYPES[token].fields.items() if one.required} == set()


@pytest.mark.parametrize("token", TYPES)
def test_every_output_is_one_of_the_sdks(token: str) -> None:
    module, _ = _arguments(token)
    resource = getattr(module, token.rsplit(":", 1)[1])
    names = {_name(one.fget) for one in vars(resource).values() if isinstance(one, property)}
    assert TYPES[token].computed - names == set()


def _arguments(token: str) -> tuple[Any, type]:
    _, path, name = token.split(":")
    module = importlib.import_module(f"pulumi_aws.{path.split('/')[0]}")
    found = getattr(module, f"{name}Args")
    if not {"region"} & set(_properties(found)) and hasattr(module, f"{name}InitArgs"):
        found = getattr(module, f"{name}InitArgs")  # where a nested type took the name
    return module, found


def _properties(arguments: type) -> dict[str, tuple[bool, str]]:
    """Pulumi's name of each property → is it required, and its annotation."""
    parameters = inspect.signature(arguments.__init__).parameters
    found = {}
    for name, one in vars(arguments).items():
        if isinstance(one, property) and one.fget:
            needed = parameters[name].default is inspect.Parameter.empty
            found[_name(one.fget)] = (needed, str(one.fget.__annotations__["return"]))
    return found


def _name(getter: Any) -> str:
    return getattr(getter, "_pulumi_name", getter.__name__)


def _strange(fields: Any, arguments: type, module: Any, path: str) -> Iterator[str]:
    known = _properties(arguments)
    for name, one in fields.items():
        if name not in known:
            yield f"{path}{name}"
            continue
        inner: Field = one.of if one.of is not None else one
        nested = re.search(r"(\w+Args)'", known[name][1])
        if inner.fields and nested:
            yield from _strange(inner.fields, getattr(module, nested[1]), module, f"{path}{name}.")
        elif inner.fields:
            yield f"{path}{name} is no block"
