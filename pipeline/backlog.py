"""What is still to be done, on disk: hints that came, and the releases that were made of them. SQLite.

Whatever is killed when, what was taken in stays, and a release of one image for one service is there once. Times are
unix seconds.
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from pipeline.database import opened
from pipeline.errors import SettingsError
from pipeline.hint import Hint
from pipeline.records import COLUMNS, Release, State, Waiting, of_row

ENDED = ("known", "released", "failed", "superseded", "older")
CALLBACKS = (
    "select url from callback where service = ? and tag = ? and not exists (select 1 from release where release.tag ="
    " callback.tag and release.service = callback.service and digest != ? and state in ('waiting', 'running'))"
)


class Backlog:
    """The database at *file*; all calls may come from any thread."""

    def __init__(self, file: Path) -> None:
        self._lock = threading.Lock()
        try:
            self._base = opened(file)
        except (OSError, sqlite3.Error) as error:
            raise SettingsError(f"pipeline.yaml: folder: {file} cannot be opened: {error}") from None

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._base.close()

    def add(self, hints: Iterable[Hint], now: float) -> int:
        """Take *hints* in, all or none; how many were news. Those of a delivery that came before are none."""
        news = 0
        with self._change() as base:
            for hint in hints:
                seen = hint.delivery and base.execute(
                    "insert or ignore into delivery values (?, ?)", (f"{hint.delivery} {hint.service}", now)
                )
                if seen and not seen.rowcount:
                    continue
                pushed = now if hint.pushed is None else min(hint.pushed, now)  # nobody pushes in the future
                done = base.execute(
                    "insert into hint (at, sender, service, tag, commit_id, pushed) values (?, ?, ?, ?, ?, ?)"
                    " on conflict (service, tag, commit_id) where not taken"
                    " do update set pushed = max(pushed, excluded.pushed) returning at",
                    (now, hint.sender, hint.service, hint.tag, hint.commit or "", pushed),
                )
                news += done.fetchone()[0] == now
                if hint.callback:
                    values = (hint.service, hint.tag, hint.callback)
                    base.execute("insert or ignore into callback values (?, ?, ?)", values)
        return news

    def take(self, service: str) -> list[Waiting]:
        """Every hint of *service* that is open, oldest first; what comes from now on is news again."""
        with self._change() as base:
            base.execute("update hint set taken = 1 where service = ?", (service,))
            rows = base.execute(
                "select id, service, tag, commit_id, pushed, at from hint where service = ? order by pushed, id",
                (service,),
            )
            return [
                Waiting(id=one, service=of, tag=tag, commit=commit, pushed=pushed, at=at)
                for one, of, tag, commit, pushed, at in rows
            ]

    def drop(self, hint: Waiting) -> None:
        """*hint* is dealt with."""
        with self._change() as base:
            base.execute("delete from hint where id = ?", (hint.id,))

    def found(self, hint: Waiting, release: Release) -> bool:
        """*hint* was of *release*, which is kept from now on; False when it was already. Both or none."""
        with self._change() as base:
            base.execute("delete from hint where id = ?", (hint.id,))
            return _insert(base, release)

    def keep(self, release: Release) -> bool:
        """Keep *release* unless it is there."""
        with self._change() as base:
            return _insert(base, release)

    def set(self, release: Release, state: State, why: str = "", *, now: float) -> Release:
        """*release* has come to *state*; returns it so."""
        begun = now if state == "running" and release.begun is None else release.begun
        after = replace(release, state=state, why=why, begun=begun, ended=now if state in ENDED else None)
        with self._change() as base:
            base.execute(
                "update release set state = ?, why = ?, begun = ?, ended = ? where service = ? and digest = ?",
                (after.state, after.why, after.begun, after.ended, after.service, after.digest),
            )
        return after

    def told(self, release: Release, what: str) -> None:
        """Whoever waits for *release*'s commit was told *what*."""
        with self._change() as base:
            base.execute(
                "update release set told = ? where service = ? and digest = ?", (what, release.service, release.digest)
            )

    def looked(self, service: str) -> bool:
        """Whether all that was in *service*'s repository at first is kept."""
        with self._lock, closing(self._base.cursor()) as cursor:
            return cursor.execute("select 1 from look where service = ?", (service,)).fetchone() is not None

    def set_looked(self, service: str) -> None:
        """All that was in *service*'s repository at first is kept."""
        with self._change() as base:
            base.execute("insert or ignore into look values (?)", (service,))

    def callbacks(self, release: Release) -> Iterator[str]:
        """Where a sender wants to hear of *release*'s tag; one is forgotten once the next is asked for, or the end.

        None while the same tag has another image that is not over: that one's end is what they want to hear of.
        """
        of = (release.service, release.tag)
        with self._lock, closing(self._base.cursor()) as cursor:
            urls = cursor.execute(CALLBACKS, (*of, release.digest)).fetchall()
        for (url,) in urls:
            yield url
            with self._change() as base:
                base.execute("delete from callback where service = ? and tag = ? and url = ?", (*of, url))

    def releases(self, service: str, states: Sequence[State] = ()) -> list[Release]:
        """*service*'s releases in *states* (all, where none are named), in push order."""
        marks = ", ".join("?" * len(states))
        return self._releases(f"service = ? {f'and state in ({marks})' if states else ''}", (service, *states))

    def last(self, service: str, most: int) -> list[Release]:
        """*service*'s newest *most* releases, the newest first; without those that were there before anything was."""
        newest = (
            "select rowid from release where service = ? and state != 'known' order by pushed desc, at desc limit ?"
        )
        return self._releases(f"rowid in ({newest})", (service, most))[::-1]

    def untold(self, service: str) -> list[Release]:
        """*service*'s releases of whose state nobody was told yet."""
        return self._releases("service = ? and told != state", (service,))

    def newest(self, service: str) -> float:
        """When what was begun last was pushed; 0 where nothing was."""
        with self._lock, closing(self._base.cursor()) as cursor:
            rows = cursor.execute(
                "select max(pushed) from release where service = ? and state in ('released', 'failed')", (service,)
            )
            return rows.fetchone()[0] or 0.0

    def _releases(self, where: str, values: Sequence[object]) -> list[Release]:
        with self._lock, closing(self._base.cursor()) as cursor:
            rows = cursor.execute(f"select {', '.join(COLUMNS)} from release where {where} order by pushed, at", values)
            return [of_row(row) for row in rows]

    def open(self) -> dict[str, int]:
        """How many hints and waiting releases there are, by service."""
        with self._lock, closing(self._base.cursor()) as cursor:
            rows = cursor.execute(
                "select service, count(*) from (select service from hint union all select service from release where"
                " state in ('waiting', 'running')) group by service"
            )
            return dict(rows.fetchall())

    def counts(self) -> dict[tuple[str, str], int]:
        """How many releases there are, by service and state."""
        with self._lock, closing(self._base.cursor()) as cursor:
            rows = cursor.execute("select service, state, count(*) from release group by service, state")
            return {(service, state): count for service, state, count in rows}

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._base.execute("begin immediate")
            try:
                yield self._base
            except BaseException:
                self._base.execute("rollback")
                raise
            self._base.execute("commit")


def _insert(base: sqlite3.Connection, release: Release) -> bool:
    done = base.execute(
        "insert or ignore into release (service, digest, version, tag, commit_id, pushed, at, state, signature)"
        " values (:service, :digest, :version, :tag, :commit, :pushed, :at, :state, :signature)",
        vars(release),
    )
    return bool(done.rowcount)
