"""The journal's stores: the same promises in a folder and in S3."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from rollout.stores import FolderJournal, S3Journal, Store, journal
from tests import walks
from tests.patience import PATIENCE
from tests.world import unique

ENTRIES = {one.run: one for one in (walks.promoted(), walks.restored(), walks.crashed())}


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture(params=["folder", "s3"])
def store(request, tmp_path, told) -> Store:
    """An empty journal; every test that asks for it runs once for each kind."""
    if request.param == "folder":
        return FolderJournal(tmp_path / "journal" / "dev", told.append)
    s3 = request.getfixturevalue("aws")("s3")
    bucket = unique("journal")
    s3.create_bucket(Bucket=bucket)
    return S3Journal(s3, f"s3://{bucket}/shop/dev", told.append)


def keep(store: Store, *runs: str) -> None:
    """Keep the entries of *runs*, each as if it had ended, so that S3 is waited for."""
    for run in runs:
        store.keep(replace(ENTRIES[run], ended=ENTRIES[run].heard))


def spoil(store: Store, run: str, text: bytes) -> None:
    store._put(run, text)


def test_what_is_kept_can_be_read_again(store, told):
    keep(store, "5f0c2a91")
    entry = store.entry("5f0c2a91")
    assert entry is not None
    assert (entry.verdict, len(entry.ticks), entry.goal) == ("promote", 60, {"v2": 1000})
    assert told == []


def test_a_walk_has_one_entry_however_often_it_is_kept(store):
    entry = ENTRIES["deadbeef"]
    store.keep(entry)
    keep(store, "deadbeef", "deadbeef")
    assert [one.run for one in store.entries()] == ["deadbeef"]


def test_entries_come_newest_first(store):
    for number, run in enumerate(("9b1d77e0", "5f0c2a91", "deadbeef")):
        store.keep(replace(ENTRIES[run], begun=1000.0 + number, ended=2000.0))
    assert [one.run for one in store.entries()] == ["deadbeef", "5f0c2a91", "9b1d77e0"]


def test_an_empty_journal_has_no_entries(store, told):
    assert (store.entries(), store.entry("5f0c2a91"), told) == ([], None, [])


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"run": "x"}', b"\xff\xfe"])
def test_a_broken_entry_is_told_and_the_others_are_there(store, told, text):
    keep(store, "5f0c2a91")
    spoil(store, "broken", text)
    assert [one.run for one in store.entries()] == ["5f0c2a91"]
    assert len(told) == 1
    assert told[0].startswith(f"broken.json in {store} is broken and left out: ")


def test_a_run_is_never_a_path(store, told, tmp_path):
    keep(store, "5f0c2a91")
    (tmp_path / "journal").mkdir(exist_ok=True)
    (tmp_path / "journal" / "secret.json").write_text("{}")
    assert (store.entry("../secret"), told) == (None, [])


def test_what_lies_beside_the_entries_is_no_entry(store, told):
    keep(store, "5f0c2a91")
    spoil(store, ".5f0c2a91.77", b"half of")
    spoil(store, "deeper/one", b"{}") if isinstance(store, S3Journal) else None
    assert [one.run for one in store.entries()] == ["5f0c2a91"]
    assert told == []


def test_entries_since_a_time_leave_older_walks_unread(tmp_path, told):
    store = FolderJournal(tmp_path, told.append)
    keep(store, "9b1d77e0", "5f0c2a91")
    spoil(store, "older", b"broken, and never looked at")
    for number, run in enumerate(("older", "9b1d77e0", "5f0c2a91")):
        os.utime(tmp_path / f"{run}.json", (1000 + number, 1000 + number))
    since = ENTRIES["5f0c2a91"].heard - 1
    assert [one.run for one in store.entries(since)] == ["5f0c2a91"]
    assert told == []


def test_a_folder_that_cannot_be_written_is_told_once(tmp_path, told):
    (tmp_path / "file").write_text("in the way")
    store = FolderJournal(tmp_path / "file", told.append)
    keep(store, "5f0c2a91", "9b1d77e0")
    assert len(told) == 1
    assert told[0].startswith(f"the journal cannot be kept in {tmp_path / 'file'}: ")
    assert told[0].endswith("; the walk goes on without it")


@pytest.mark.parametrize("step", ["write_bytes", "replace"])
def test_a_write_that_fails_leaves_the_former_entry_whole(tmp_path, told, monkeypatch, step):
    store = FolderJournal(tmp_path, told.append)
    keep(store, "5f0c2a91")
    before = (tmp_path / "5f0c2a91.json").read_bytes()

    def full(self: Path, _: object) -> int:
        self.touch()
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, step, full)
    store.keep(replace(ENTRIES["5f0c2a91"], reason="another"))
    assert (tmp_path / "5f0c2a91.json").read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["5f0c2a91.json"]


def test_a_bucket_that_is_not_there_is_told_once_and_read_as_empty(aws, told):
    store = S3Journal(aws("s3"), "s3://no-such-bucket-of-ours/dev", told.append)
    keep(store, "5f0c2a91", "9b1d77e0")
    assert len(told) == 1
    assert told[0].startswith("the journal cannot be kept in s3://no-such-bucket-of-ours/dev/: ")
    assert (store.entries(), store.entry("5f0c2a91")) == ([], None)
    assert [line.split(": ")[0] for line in told[1:]] == [
        "the journal in s3://no-such-bucket-of-ours/dev/ cannot be read",
        "the journal in s3://no-such-bucket-of-ours/dev/ cannot be read",
    ]


def test_a_walk_under_way_does_not_wait_for_s3_and_only_the_newest_text_is_written(slow, told):
    store = S3Journal(slow, "s3://bucket/dev", told.append)
    entry = walks.crashed()
    store.keep(entry)
    assert slow.asked.wait(PATIENCE)
    for number in range(5):
        entry.reason = str(number)
        store.keep(entry)
    slow.let_go.set()
    entry.end(entry.heard, "restore", "the last", None)
    store.keep(entry)
    assert len(slow.bodies) <= 3
    assert b"the last" in slow.bodies[-1]
    assert told == []


def test_the_end_of_a_walk_waits_for_s3_but_not_for_long(slow, told, monkeypatch):
    monkeypatch.setattr("rollout.stores.LAST_WORD", 0.05)
    keep(S3Journal(slow, "s3://bucket/dev", told.append), "5f0c2a91")
    slow.let_go.set()
    assert told == ["the journal in s3://bucket/dev/ may lack the end of this walk: no answer within 0.05 s"]


def test_an_s3_that_cannot_be_reached_ends_no_walk(slow, told):
    def unreachable() -> None:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

    slow.act = unreachable
    slow.let_go.set()
    keep(S3Journal(slow, "s3://bucket/dev", told.append), "5f0c2a91", "9b1d77e0")
    assert len(told) == 1
    assert "Could not connect to the endpoint URL" in told[0]


def never() -> Any:
    raise AssertionError("a folder needs no client")


def test_the_place_says_which_store_it_is(tmp_path, told, slow):
    folder = journal(str(tmp_path), never, told.append)
    assert isinstance(folder, FolderJournal)
    assert folder.folder == tmp_path
    assert str(journal("s3://bucket/a/b/", lambda: slow, told.append)) == "s3://bucket/a/b/"
    assert str(journal("s3://bucket", lambda: slow, told.append)) == "s3://bucket/"


def test_a_place_at_home_is_found(told):
    assert str(journal("~/journal", never, told.append)) == str(Path.home() / "journal")


@pytest.mark.parametrize("place", ["s3://", "s3:///", "gs://bucket", "https://host/x"])
def test_a_place_that_is_none_is_refused(place, told):
    with pytest.raises(ValueError, match="write a folder, or s3://BUCKET/PREFIX"):
        journal(place, never, told.append)
