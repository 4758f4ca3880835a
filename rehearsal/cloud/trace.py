"""The calls that a cloud is asked, written down: a layer before all others, for tests and benchmarks that count them.

In: WSGI requests. Out: the answer, and in `home/calls.jsonl` a line for each request, once it is answered. Nothing is
written while that file is not there: `begin` makes it.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rehearsal.cloud import api
from rehearsal.cloud.api import Environ

FILE = "calls.jsonl"

Application = Callable[[Environ, Any], Iterable[bytes]]


@dataclass(frozen=True)
class Seen:
    """One request: when it came (unix seconds), by which access key and agent, for which action, HTTP's status."""

    at: float
    key: str
    agent: str
    service: str
    action: str
    status: int


class Trace:
    """WSGI middleware. A request that gets no answer, since its reply is lost, has the status 0."""

    def __init__(self, application: Application, home: Path) -> None:
        self._application = application
        self._file = home / FILE
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        if not self._file.exists():
            return self._application(environ, start_response)
        at, asked, status = time.time(), api.asked(environ), 0

        def start(line: str, *more: Any) -> Any:
            nonlocal status
            status = int(line.partition(" ")[0])
            return start_response(line, *more)

        try:
            return self._application(environ, start)
        except ConnectionAbortedError:
            status = 0
            raise
        finally:
            agent = environ.get("HTTP_USER_AGENT", "")
            self._write(Seen(at, asked.key, agent, asked.service, asked.action, status))

    def _write(self, seen: Seen) -> None:
        with self._lock, self._file.open("a") as file:
            file.write(json.dumps(asdict(seen)) + "\n")


def begin(home: Path) -> None:
    """From now on the calls of the cloud at *home* are written down; what was written before is forgotten."""
    (home / FILE).write_text("")


def read(home: Path) -> list[Seen]:
    """The calls since `begin`, as they were answered."""
    return [Seen(**json.loads(line)) for line in (home / FILE).read_text().splitlines()]
