"""The backlog: what was taken in outlives whatever is killed, and nothing is in it twice."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace

import pytest

from pipeline.backlog import Backlog
from pipeline.errors import SettingsError
from pipeline.hint import Hint
from pipeline.records import Release
from tests.pipeline.conftest import digest

HINT = Hint(sender="generic", service="shop", tag="main-1")
RELEASE = Release(
    service="shop", digest=digest("a"), version="main-1", tag="main-1", commit="", pushed=1.0, at=1.0, state="waiting"
)
OLDER = """
create table if not exists hint (
    id integer primary key, at real not null, sender text not null, service text not null, tag text not null,
    commit_id text not null, pushed real not null, taken integer not null default 0
);
create unique index if not exists open_hint on hint (service, tag, commit_id) where not taken;
create table if not exists callback (service text, tag text, url text, unique (service, tag, url));
create table if not exists delivery (id text primary key, at real not null);
create table if not exists look (service text primary key);
create table if not exists release (
    service text not null, digest text not null, version text not null, tag text not null, commit_id text not null,
    pushed real not null, at real not null, state text not null, why text not null default '', told text not null
    default '', begun real, ended real, primary key (service, digest)
);
"""  # before releases had a signature


def test_the_same_hint_again_is_no_news(backlog):
    assert [backlog.add([HINT], at) for at in (1.0, 2.0, 3.0)] == [1, 0, 0]
    (hint,) = backlog.take("shop")
    assert (hint.tag, hint.at, hint.pushed) == ("main-1", 1.0, 3.0)


def test_a_hint_that_comes_while_the_one_before_is_looked_up_is_news(backlog):
    backlog.add([HINT], 1.0)
    (first,) = backlog.take("shop")
    assert backlog.add([HINT], 2.0) == 1
    backlog.drop(first)
    assert len(backlog.take("shop")) == 1


def test_a_delivery_that_comes_again_is_no_news(backlog):
    delivered = replace(HINT, delivery="d-1")
    backlog.add([delivered], 1.0)
    for hint in backlog.take("shop"):
        backlog.drop(hint)
    assert backlog.add([delivered], 2.0) == 0
    assert backlog.take("shop") == []


def test_nobody_pushes_in_the_future(backlog):
    backlog.add([replace(HINT, pushed=9e9)], 5.0)
    assert backlog.take("shop")[0].pushed == 5.0


def test_a_release_of_one_image_is_there_once(backlog):
    assert backlog.keep(RELEASE)
    assert not backlog.keep(replace(RELEASE, version="another"))
    assert [one.version for one in backlog.releases("shop")] == ["main-1"]


def test_a_callback_of_a_tag_that_names_another_image_by_now_waits_for_that_ones_end(backlog):
    url, newer = "https://registry.hub.docker.com/1", replace(RELEASE, digest=digest("b"), pushed=2.0)
    backlog.add([replace(HINT, callback=url)], 1.0)
    backlog.keep(RELEASE)
    backlog.keep(newer)
    assert list(backlog.callbacks(RELEASE)) == []
    backlog.set(newer, "released", now=3.0)
    assert list(backlog.callbacks(RELEASE)) == [url]


def test_a_signature_is_kept_with_its_release(backlog):
    backlog.keep(replace(RELEASE, signature="cosign:eyJ9:QUJD"))
    backlog.keep(replace(RELEASE, digest=digest("b")))
    assert {one.signature for one in backlog.releases("shop")} == {"cosign:eyJ9:QUJD", ""}


def test_a_file_of_an_older_version_is_taken_with_all_that_is_in_it(tmp_path):
    file = tmp_path / "backlog.db"
    with closing(sqlite3.connect(file)) as base:
        base.executescript(OLDER)
        base.execute(
            "insert into release values ('shop', ?, 'main-1', 'main-1', '', 1, 1, 'waiting', '', '', null, null)",
            (digest("a"),),
        )
        base.execute("insert into hint values (1, 1, 'generic', 'shop', 'main-2', '', 1, 0)")
        base.commit()
    for _ in range(2):  # the second time there is nothing to do
        backlog = Backlog(file)
        assert backlog.releases("shop") == [RELEASE]
        assert [hint.tag for hint in backlog.take("shop")] == ["main-2"]
        backlog.close()
    backlog = Backlog(file)
    assert backlog.keep(replace(RELEASE, digest=digest("b"), signature="cosign:eyJ9:QUJD"))
    assert [one.signature for one in backlog.releases("shop")] == ["", "cosign:eyJ9:QUJD"]
    backlog.close()


def test_a_callback_that_could_not_be_called_is_kept(backlog):
    urls = [f"https://registry.example.com/{number}" for number in (1, 2)]
    backlog.add([replace(HINT, callback=url) for url in urls], 1.0)
    calls = backlog.callbacks(RELEASE)
    assert [next(calls), next(calls)] == urls
    calls.close()  # the second one failed
    assert list(backlog.callbacks(RELEASE)) == urls[1:]
    assert list(backlog.callbacks(RELEASE)) == []


def test_what_was_taken_in_is_there_after_kill_9(tmp_path):
    file = tmp_path / "backlog.db"
    script = (
        "import os, signal; from pathlib import Path\n"
        "from pipeline.backlog import Backlog; from pipeline.hint import Hint\n"
        f"Backlog(Path({str(file)!r})).add([Hint(sender='generic', service='shop', tag='main-1')], 1.0)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    assert [hint.tag for hint in Backlog(file).take("shop")] == ["main-1"]


def test_half_a_change_is_none(backlog):
    with pytest.raises(sqlite3.Error):
        backlog.add([HINT, replace(HINT, tag=None)], 1.0)  # pyright: ignore[reportArgumentType]
    assert backlog.take("shop") == []


def test_a_file_that_cannot_be_one_is_said(tmp_path):
    (tmp_path / "backlog.db").write_text("no database" * 100)
    with pytest.raises(SettingsError, match=r"folder: .*cannot be opened: file is not a database"):
        Backlog(tmp_path / "backlog.db")
