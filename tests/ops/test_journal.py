"""The journal of a stack, opened where its settings say."""

import pytest

from ops.errors import ConfigError, OpsError
from ops.journal import opened, pages, walks
from tests import walks as stories


@pytest.fixture
def settings(stack):
    """The stack's settings with *place* as `sluice:journal`."""

    def load(place: str | None = None):
        if place:
            stack.file.write_text(f"{stack.file.read_text()}  sluice:journal: {place}\n")
        return stack.config().settings()

    return load


def test_by_default_it_is_in_the_projects_folder_whatever_the_present_one_is(stack, settings, said):
    store = opened(stack, settings(), said.append)
    assert str(store) == str(stack.file.parent / ".sluice" / "journal" / "test")
    assert pages(stack, store) == stack.file.parent / ".sluice" / "journal" / "test"


def test_a_folder_is_taken_from_the_projects(stack, settings, said):
    assert str(opened(stack, settings("kept/here"), said.append)) == str(stack.file.parent / "kept" / "here")


def test_of_a_journal_in_s3_pages_are_written_here(stack, settings, said, aws):
    stack.file.write_text(f"{stack.file.read_text()}  aws:region: us-east-1\n")
    store = opened(stack, settings("s3://bucket/journal"), said.append)
    assert str(store) == "s3://bucket/journal/"
    assert pages(stack, store) == stack.file.parent / ".sluice" / "journal" / "test"


def test_s3_without_credentials_is_an_error(stack, settings, said):
    stack.file.write_text(f"{stack.file.read_text()}  aws:region: nowhere-1\n")
    with pytest.raises(OpsError, match="is no AWS region"):
        opened(stack, settings("s3://bucket/journal"), said.append)


def test_a_place_that_is_none_is_refused_by_its_key(stack, settings, said):
    with pytest.raises(ConfigError, match="sluice:journal: "):
        opened(stack, settings("gs://bucket/journal"), said.append)


def test_walks_of_other_stacks_in_the_same_place_are_not_this_ones(stack, settings, said):
    store = opened(stack, settings(), said.append)
    mine, other = stories.unhealthy(), stories.blind()
    mine.stack = stack.short
    store.keep(mine)
    store.keep(other)
    assert [one.run for one in walks(store, stack)] == [mine.run]
