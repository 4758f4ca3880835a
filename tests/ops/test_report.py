"""`report [RUN]`: which walk, and where its page is."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from ops.errors import ConfigError, OpsError
from ops.report import report
from rollout.stores import FolderJournal
from tests import walks


@pytest.fixture
def store(stack, said) -> FolderJournal:
    store = FolderJournal(stack.file.parent / "journal", said.append)
    for number, story in enumerate((walks.unhealthy, walks.stopped)):
        entry = replace(story(), stack=stack.short, ticks=[], steps=[])
        store.keep(entry)
        age_of(store, entry.run, number)
    return store


def age_of(store: FolderJournal, run: str, number: int) -> None:
    """Let *run* have been written at a time of its own."""
    os.utime(store.folder / f"{run}.json", (1000 + number, 1000 + number))


def test_the_newest_is_meant_when_none_is_named(stack, store):
    file = report(stack, store, None, 0)
    assert file == store.folder / "57099ed0.html"
    assert "stopped by the operator" in file.read_text().lower()


def test_a_run_is_found_by_its_name(stack, store):
    assert report(stack, store, "51c00000", 0) == store.folder / "51c00000.html"


def test_a_walk_under_way_has_a_page_as_well(stack, store):
    entry = replace(walks.crashed(), stack=stack.short, ticks=[], steps=[])
    store.keep(entry)
    assert "under way" in report(stack, store, entry.run, entry.heard + 1).read_text()
    assert "cut short" in report(stack, store, entry.run, entry.heard + 1000).read_text()


def test_a_run_that_is_not_there_names_those_that_are(stack, store):
    with pytest.raises(ConfigError, match=r"has no walk 12345678; the newest are 57099ed0, 51c00000$"):
        report(stack, store, "12345678", 0)


def test_an_empty_journal_is_told(stack, said, tmp_path):
    with pytest.raises(ConfigError, match=r"has no walk of stack test yet$"):
        report(stack, FolderJournal(tmp_path / "none", said.append), None, 0)


def test_a_page_that_cannot_be_written_is_an_error(stack, store, monkeypatch):
    def full(self: Path, *_: object, **__: object) -> int:
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OpsError, match=r"the report cannot be written to .*: no space left on device"):
        report(stack, store, None, 0)
