"""What operators had done: each a verb in a process of its own, kept in the backlog's file with who did it and its end.

In: the verb's words. Out: records. One action a service at a time, whatever is clicked how often.
"""

import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import structlog

from pipeline.detached import Detached, is_on
from rollout.clock import Clock
from rollout.mark import ACTOR

MARK = "SLUICE_ACTION"  # in the process's environment: which it is
SCHEMA = """
create table if not exists action (
    id integer primary key, service text not null, operator text not null, what text not null, at real not null,
    code integer, said text not null default '', ended real
);
create unique index if not exists one_at_a_time on action (service) where ended is null;
"""


@dataclass(frozen=True, kw_only=True)
class Action:
    """`what` in words; `code` and `ended` are None while it is on; `said`: the last that its verb told."""

    id: int
    service: str
    operator: str
    what: str
    at: float
    code: int | None
    said: str
    ended: float | None


class Actions:
    """By *project*'s verbs, kept in *folder*; all calls may come from any thread."""

    def __init__(self, folder: Path, project: Path, clock: Clock) -> None:
        self._folder = folder
        self._project = project
        self._clock = clock
        self._lock = threading.Lock()
        self._processes: dict[int, psutil.Process | None] = {}
        self._log = structlog.get_logger()
        self._base = sqlite3.connect(folder / "backlog.db", check_same_thread=False, isolation_level=None)
        self._base.execute("pragma busy_timeout = 5000")
        self._base.executescript(SCHEMA)

    def close(self) -> None:
        """Let go of the file; what is on goes on."""
        with self._lock:
            self._base.close()

    def begin(self, service: str, operator: str, what: str, words: Sequence[str]) -> bool:
        """Have *words* done; False when an action of *service* is on already."""
        with self._lock:
            done = self._base.execute(
                "insert or ignore into action (service, operator, what, at) values (?, ?, ?, ?)",
                (service, operator, what, self._clock.now()),
            )
            if not done.rowcount:
                return False
            number = int(done.lastrowid or 0)
            self._processes[number] = self._work(number).begin([words], {ACTOR: operator})
        self._log.info("action", service=service, operator=operator, what=what, action=number)
        return True

    def newest(self, service: str, most: int = 5) -> list[Action]:
        """The last ones of *service*, the newest first, each as it is now."""
        with self._lock:
            self._settle()
            rows = self._base.execute(
                "select id, service, operator, what, at, code, said, ended from action where service = ?"
                " order by id desc limit ?",
                (service, most),
            )
            names = [column[0] for column in rows.description]
            return [Action(**dict(zip(names, row, strict=True))) for row in rows.fetchall()]

    def _settle(self) -> None:
        """Write down how those ended that were on."""
        for number, service, what in self._base.execute("select id, service, what from action where ended is null"):
            work = self._work(number)
            if not work.is_over:
                if number not in self._processes:  # of an earlier life of ours
                    self._processes[number] = work.running()
                process = self._processes[number]
                if process and is_on(process):
                    continue
            end = work.end()
            self._base.execute(
                "update action set code = ?, said = ?, ended = ? where id = ?",
                (end.code, end.said, self._clock.now(), number),
            )
            self._log.info("action ended", service=service, what=what, action=number, code=end.code)
            work.forget()
            self._processes.pop(number, None)

    def _work(self, number: int) -> Detached:
        place = self._folder / f"action-{number}"
        return Detached(mark=MARK, name=f"{self._folder.resolve()} {number}", place=place, project=self._project)
