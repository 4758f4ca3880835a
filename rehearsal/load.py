"""The load of a rehearsal: keep-alive clients that send at an even rate, never retry, and record every request.

In: a URL on this machine, a number of connections and a rate. Out: an `Answer` a request. From the command line,
`python -m rehearsal.load URL`, a short table of them.

The rate is kept by the clock: the n-th request is due n/rate seconds after the start whatever became of those before.
Where the connections cannot keep up, the requests are sent late, and the time they waited is part of their `seconds`;
else a service that hangs would look fast, since nobody asks it anything meanwhile.
"""

import http.client
import ipaddress
import itertools
import select
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.table import Table

LIMIT = 60.0  # seconds until a silent answer is given up


@dataclass(frozen=True)
class Answer:
    """What became of one request."""

    at: float  # unix seconds, when it was sent
    seconds: float  # from when it was due until the answer was whole
    status: int  # 0: no answer, or not a whole one
    version: str  # the answer's X-Version; "": nobody answered, or the balancer did itself
    error: str  # why there is no answer, else ""


class Load:
    """Requests to one *url*, *rate* a second over *connections*; of https when there is whom to *trust*. ValueError
    unless it is on this machine.
    """

    def __init__(
        self, url: str, connections: int = 8, rate: float = 200.0, trust: ssl.SSLContext | None = None
    ) -> None:
        parts = urlsplit(url)
        self._trust = trust
        if parts.scheme != ("https" if trust else "http") or not parts.hostname or not _is_here(parts.hostname):
            raise ValueError(f"{url}: load goes to http on loopback only, such as http://127.0.0.1:8080/")
        if connections < 1 or rate <= 0:
            raise ValueError(f"{connections} connections at {rate:g} requests a second: both have to be above 0")
        self._address = (parts.hostname, parts.port or 80)
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._rate = rate
        self._turns = itertools.count()
        self._begin = 0.0
        self._stop = threading.Event()
        self._clients = [threading.Thread(target=self._client, daemon=True) for _ in range(connections)]
        self.answers: list[Answer] = []  # so far

    def start(self) -> None:
        """Begin to send."""
        self._begin = time.monotonic()
        for client in self._clients:
            client.start()

    def stop(self) -> list[Answer]:
        """Send nothing more, also of what is late, wait for the requests under way; all answers, as they were sent."""
        self._stop.set()
        for client in self._clients:
            client.join()
        return sorted(self.answers, key=lambda answer: answer.at)

    def _client(self) -> None:
        connection = self._connection()
        try:
            while not self._stop.is_set():
                due = self._begin + next(self._turns) / self._rate
                if self._stop.wait(max(0.0, due - time.monotonic())):
                    return
                self.answers.append(self._ask(connection, due))
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self._trust:
            return http.client.HTTPSConnection(*self._address, timeout=LIMIT, context=self._trust)
        return http.client.HTTPConnection(*self._address, timeout=LIMIT)

    def _ask(self, connection: http.client.HTTPConnection, due: float) -> Answer:
        if _was_closed(connection.sock):
            connection.close()  # while idle: the next request opens a new one, and none was lost
        at = time.time()
        status, version, error = 0, "", ""
        try:
            connection.request("GET", self._target)
            answer = connection.getresponse()
            version = answer.getheader("X-Version", "")
            if answer.length is None and not answer.chunked:
                raise http.client.HTTPException("an answer without Content-Length or chunks: nothing tells its end")
            answer.read()  # raises when the connection ends before the answer does
            status = answer.status
        except (OSError, http.client.HTTPException) as failure:
            connection.close()
            error = f"{type(failure).__name__}: {failure}"
        return Answer(at, time.monotonic() - due, status, version, error)


def dropped(answers: Iterable[Answer]) -> list[Answer]:
    """Those that failed: no whole answer, or a status of 500 and more."""
    return [answer for answer in answers if answer.status == 0 or answer.status >= 500]


def own(answers: Iterable[Answer], version: str) -> list[Answer]:
    """Those that *version* gave itself; of "" those that the balancer gave for a target that did not, or that nobody
    gave. Whose target that was no client is told: a test knows it where only one version resets or crashes.
    """
    return [answer for answer in answers if answer.version == version]


def dropped_by(answers: Iterable[Answer]) -> Counter[str]:
    """How many were dropped, by version; "" as in `own`."""
    return Counter(answer.version for answer in dropped(answers))


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _was_closed(idle: socket.socket | None) -> bool:
    """Whether an idle connection has something to read. Nothing was asked, so that can only be its end."""
    return idle is not None and bool(select.select([idle], [], [], 0)[0])


def table(answers: list[Answer]) -> Table:
    """Requests and times (milliseconds) by version and status."""
    view = Table("version", "status", "requests", "median", "99 %", "longest")
    for version, status in sorted({(answer.version, answer.status) for answer in answers}):
        times = sorted(a.seconds * 1000 for a in answers if (a.version, a.status) == (version, status))
        shown = (times[len(times) // 2], times[len(times) * 99 // 100], times[-1])
        view.add_row(version or "-", str(status or "none"), str(len(times)), *(f"{one:.1f}" for one in shown))
    return view


def main(
    url: Annotated[str, typer.Argument(help="http://127.0.0.1:PORT/…, on this machine only")],
    seconds: Annotated[float, typer.Option(min=0.1)] = 10.0,
    connections: Annotated[int, typer.Option(min=1)] = 8,
    rate: Annotated[float, typer.Option(min=0.1, help="requests a second, in all")] = 200.0,
) -> None:
    """Send requests for some seconds; exit code 1 when any was dropped."""
    try:
        load = Load(url, connections, rate)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    load.start()
    time.sleep(seconds)
    answers = load.stop()
    console = Console()
    console.print(table(answers))
    lost = dropped(answers)
    console.print(f"{len(answers)} requests, {len(lost)} dropped")
    raise typer.Exit(1 if lost else 0)


if __name__ == "__main__":
    typer.run(main)
