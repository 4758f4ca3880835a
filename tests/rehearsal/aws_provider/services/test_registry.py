"""The tables against the installed SDK: no name that it does not have, and all that it requires."""

import importlib
from typing import Any

import pytest

from rehearsal.aws_provider.services.registry import TYPES
from tests.rehearsal.provider.sdk import outputs, properties, strange


@pytest.mark.parametrize("token", TYPES)
def test_every_input_is_one_of_the_sdks(token: str) -> None:
    module, arguments = _arguments(token)
    assert list(strange(TYPES[token].fields, arguments, module)) == []


@pytest.mark.parametrize("token", TYPES)
def test_what_the_sdk_requires_is_required(token: str) -> None:
    _, arguments = _arguments(token)
    required = {name for name, (needed, _) in properties(arguments).items() if needed}
    assert required - {name for name, one in TYPES[token].fields.items() if one.required} == set()


@pytest.mark.parametrize("token", TYPES)
def test_every_output_is_one_of_the_sdks(token: str) -> None:
    module, _ = _arguments(token)
    assert TYPES[token].computed - outputs(getattr(module, token.rsplit(":", 1)[1])) == set()


def _arguments(token: str) -> tuple[Any, type]:
    _, path, name = token.split(":")
    module = importlib.import_module(f"pulumi_aws.{path.split('/')[0]}")
    found = getattr(module, f"{name}Args")
    if not {"region"} & set(properties(found)) and hasattr(module, f"{name}InitArgs"):
        found = getattr(module, f"{name}InitArgs")  # where a nested type took the name
    return module, found
