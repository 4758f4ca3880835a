"""The small web service of the demo and the tests, for machines without Node: says which release answers.

In: HOST, PORT (0: any free one), SLUICE_VERSION and what is to go wrong from the environment. Out: `listening on
HOST:PORT`, then answers until SIGTERM, the same as `server.js`. Standard library only, nothing of this project.

It leaves without failing anybody: on SIGTERM it stops accepting, ends idle connections, lets requests finish, exits 0.
With PGHOST and so on it counts visits at /visits (visits.py); a database that is away takes nothing else down.

What goes wrong, in the environment as FAIL=0.05 and so on, or in the JSON file that FAULTS names, which wins and may
change at any time: fail, slow, reset: the chance that a request is answered 500, is answered slow_ms later, ends with
its connection reset; crash_after: so many requests are served, the next one ends the process; unhealthy: the health
page says 503 (as with FAIL_HEALTH=1); boot_seconds until it listens. The health page is spared by all but unhealthy.
Chances are drawn for each request by itself, from a sequence that SEED fixes; else each process has its own.
"""

import asyncio
import importlib
import json
import math
import os
import signal
import socket
import struct
import sys
import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

VERSION = os.environ.get("SLUICE_VERSION", "dev")
KEEP_ALIVE = 75.0  # seconds; longer than a balancer keeps its connections to us, so that it closes first
HEALTH = "/healthz"
SLOWEST = 60_000  # milliseconds
LOOK = 0.2  # seconds between looks at the file of faults
CHANCES = ("fail", "slow", "reset")
NONE = dict.fromkeys((*CHANCES, "crash_after", "unhealthy", "boot_seconds"), 0.0) | {"slow_ms": 400.0}
RESET = struct.pack("ii", 1, 0)  # SO_LINGER for no time: closing sends a reset
WHO = {"version": VERSION, "pid": os.getpid()}
Page = tuple[int, dict[str, Any]]


class Faults:
    """What is to go wrong now, and to whom."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        given = {name: environment[name.upper()] for name in NONE if name.upper() in environment}
        self._first = _numbers({"unhealthy": environment.get("FAIL_HEALTH") == "1", **given})
        self._file = environment.get("FAULTS")
        self._chance = chances(int(environment.get("SEED", os.getpid())))
        self._looked, self._stamp = -LOOK, 0
        self._held = NONE | self._first
        self._served = 0

    def now(self) -> dict[str, float]:
        """All of them; what the file says counts at the latest `LOOK` seconds later."""
        if self._file and time.monotonic() - self._looked >= LOOK:
            self._looked = time.monotonic()
            try:
                if (stamp := os.stat(self._file).st_mtime_ns) != self._stamp:
                    with open(self._file) as file:
                        self._become(NONE | self._first | _numbers(json.load(file)))
                    self._stamp = stamp
            except FileNotFoundError:
                self._become(NONE | self._first)
            except ValueError as error:
                sys.stderr.write(f"{self._file}: {error}; what held before still does\n")
        return self._held

    def _become(self, faults: dict[str, float]) -> None:
        if faults["crash_after"] != self._held["crash_after"]:
            self._served = 0
        self._held = faults

    def strike(self) -> dict[str, bool]:
        """Which of fail, slow and reset befall the next request; ends the process when it is one too many."""
        now = self.now()
        if now["crash_after"] and self._served >= now["crash_after"]:
            os._exit(1)
        self._served += 1
        return {name: next(self._chance) < now[name] for name in CHANCES}


def chances(seed: int) -> Iterator[float]:
    """Numbers from 0 to 1, the same for the same *seed* in `server.js`: mulberry32."""
    while True:
        seed = (seed + 0x6D2B79F5) % 2**32
        mixed = (seed ^ seed >> 15) * (seed | 1) % 2**32
        mixed ^= (mixed + (mixed ^ mixed >> 7) * (mixed | 61)) % 2**32
        yield (mixed ^ mixed >> 14) / 2**32


def _numbers(given: Mapping[str, Any]) -> dict[str, float]:
    """ValueError names what is no fault, or no number that it can have."""
    for name, value in given.items():
        if name not in NONE:
            raise ValueError(f"no fault is named {name}")
        try:
            is_right = 0 <= float(value) <= (1 if name in CHANCES else math.inf)
        except (TypeError, ValueError):
            is_right = False
        if not is_right:
            raise ValueError(f"{name}: {value} is no {'chance from 0 to 1' if name in CHANCES else 'number from 0 on'}")
    return {name: float(value) for name, value in given.items()}


class Service:
    """The connections of one process: which of them wait for a request, and whether it is ending."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._idle: set[asyncio.StreamWriter] = set()
        self._open: set[asyncio.Task[None]] = set()
        self._ending = asyncio.Event()

    async def run(self, host: str, port: int) -> None:
        """Serve until SIGTERM, then until the last request under way has its answer."""
        await asyncio.sleep(self._faults.now()["boot_seconds"])
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
        struck = self._faults.strike() if urlsplit(target).path != HEALTH else {}
        if struck.get("reset"):
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            return False
        await asyncio.sleep(self._faults.now()["slow_ms"] / 1000 if struck.get("slow") else 0)
        status, body = (500, {"error": "a fault"}) if struck.get("fail") else await page(target, self._faults)
        # Asked as late as possible: a request that was under way at SIGTERM takes its connection with it.
        stays = not self._ending.is_set() and headers.get("connection", "").lower() != "close"
        writer.write(answer(status, body, stays, method != "HEAD"))
        await writer.drain()
        return stays


async def page(target: str, faults: Faults) -> Page:
    """What is answered to a request for *target*."""
    url = urlsplit(target)
    if url.path in ("/", HEALTH):
        return 503 if url.path == HEALTH and faults.now()["unhealthy"] else 200, WHO
    if url.path == "/visits" and "PGHOST" in os.environ:
        return await importlib.import_module("visits").page(WHO)
    if url.path != "/slow":
        return 404, {"error": f"no page {url.path}"}
    wait = parse_qs(url.query).get("ms", ["1000"])[0]
    if not wait.isdecimal() or int(wait) > SLOWEST:
        return 400, {"error": f"ms is 0 to {SLOWEST}"}
    await asyncio.sleep(int(wait) / 1000)
    return 200, WHO


def answer(status: int, body: dict[str, Any], stays: bool, with_body: bool) -> bytes:
    """A whole HTTP/1.1 answer."""
    text = json.dumps(body) + "\n"
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\nX-Version: {VERSION}\r\n"
        f"Connection: {'keep-alive' if stays else 'close'}\r\n\r\n"
    )
    return (head + (text if with_body else "")).encode("latin-1")


if __name__ == "__main__":
    try:
        service = Service(Faults(os.environ))
    except ValueError as error:
        sys.exit(f"error: {error}")
    asyncio.run(service.run(os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8080"))))
