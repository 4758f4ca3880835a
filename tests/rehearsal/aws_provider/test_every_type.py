"""Each type through its life, over the protocol: what is created refreshes to itself and previews empty."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rehearsal.aws_provider.services import TYPES

SPEC = importlib.util.spec_from_file_location("world", Path(__file__).with_name("world.py"))
assert SPEC
assert SPEC.loader
world_module = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(world_module)
RECIPES = world_module.RECIPES


@pytest.fixture
def world(engine: Any, cloud: str) -> Iterator[Any]:
    made = world_module.World(engine, cloud)
    yield made
    made.destroy()


def test_there_is_a_recipe_for_each_type_that_is_served() -> None:
    assert {token for token, _ in RECIPES.values()} == set(TYPES)


@pytest.mark.parametrize("name", RECIPES)
def test_a_created_resource_refreshes_to_itself_and_previews_empty(world: Any, name: str) -> None:
    made = world(name)
    again = made.refresh()
    assert (again.id, again.state, again.inputs) == (made.id, made.state, made.inputs)
    diff = again.diff()
    assert dict(diff.detailedDiff) == {}
    assert diff.changes == diff.DIFF_NONE


@pytest.mark.parametrize("name", RECIPES)
def test_a_deleted_resource_reads_as_gone(world: Any, name: str) -> None:
    made = world(name)
    world.destroy()
    world._made.clear()
    assert made.refresh().id == ""
