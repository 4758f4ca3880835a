"""The small web service of the demo and the tests, for machines without Node: says which release answers.

In: HOST, PORT (0: any free one), SLUICE_VERSION, FAIL_HEALTH from the environment. Out: `listening on HOST:PORT`, then
answers until SIGTERM. Standard library only, and no import of this project: it runs as an image of its own, as
`server.js` does, and answers the same.

It leaves without failing anybody: on SIGTERM it stops accepting, ends idle connections, lets requests finish, exits 0.
"""

import asyncio
import json
import os
import signal
import sys
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

VERSION = os.environ.get("SLUICE_VERSION", "dev")
KEEP_ALIVE = 75.0  # seconds; longer than a balancer keeps its connections to us, so that it closes first
SLOWEST = 60_000  # milliseconds
WHO = {"version": VERSION, "pid": os.getpid()}
Page = tuple[int, dict[str, object]]


class Service:
    """The connections of one process: which of them wait for a request, and whether it is ending."""

    def __init__(self) -> None:
        self._idle: set[asyncio.StreamWriter] = set()
        self._open: set[asyncio.Task[None]] = set()
        self._ending = asyncio.Event()

    async def run(self, host: str, port: int) -> None:
        """Serve until SIGTERM, then until the last request under way has its answer."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._ending.set)
        server = await asyncio.start_server(self._connection, host, port)
        sys.stdout.write(f"listening on {host}:{server.sockets[0].getsockname()[1]}\n")
        sys.stdout.flush()
        await self._ending.wait()
        server.close()
        for connection in self._idle:
            connection.close()
        if self._open:
            await asyncio.wait(self._open)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            while not self._ending.is_set() and await self._request(reader, writer):
                pass
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass  # the client is gone, was silent for too long, or does not speak HTTP
        finally:
            writer.close()
            self._open.discard(task)

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Read and answer one request; whether the connection stays."""
        self._idle.add(writer)
        try:
            text = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), KEEP_ALIVE)
        finally:
            self._idle.discard(writer)
        first, *lines = text.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        await reader.readexactly(int(headers.get("content-length", "0")))  # a body is read and thrown away
        status, body = await page(target)
        # Asked as late as possible: a request that was under way at SIGTERM takes its connection with it.
        stays = not self._ending.is_set() and headers.get("connection", "").lower() != "close"
        writer.write(answer(status, body, stays, method != "HEAD"))
        await writer.drain()
        return stays


async def page(target: str) -> Page:
    """What is answered to a request for *target*."""
    url = urlsplit(target)
    if url.path == "/":
        return 200, WHO
    if url.path == "/healthz":
        return 503 if os.environ.get("FAIL_HEALTH") == "1" else 200, WHO
    if url.path != "/slow":
        return 404, {"error": f"no page {url.path}"}
    wait = parse_qs(url.query).get("ms", ["1000"])[0]
    if not wait.isdecimal() or int(wait) > SLOWEST:
        return 400, {"error": f"ms is 0 to {SLOWEST}"}
    await asyncio.sleep(int(wait) / 1000)
    return 200, WHO


def answer(status: int, body: dict[str, object], stays: bool, with_body: bool) -> bytes:
    """A whole HTTP/1.1 answer."""
    text = json.dumps(body) + "\n"
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\nX-Version: {VERSION}\r\n"
        f"Connection: {'keep-alive' if stays else 'close'}\r\n\r\n"
    )
    return (head + (text if with_body else "")).encode("latin-1")


if __name__ == "__main__":
    asyncio.run(Service().run(os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8080"))))
