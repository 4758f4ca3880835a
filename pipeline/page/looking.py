"""Looking at the page: as it is now, then as it changes, and the report of each walk.

In: requests. Out: HTML; server-sent events of the parts that changed, at most once a second.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
from sse_starlette import EventSourceResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pipeline.errors import RefusedError
from pipeline.page.answers import HEADERS, REPORT, html
from pipeline.page.board import Board
from pipeline.page.door import Door
from pipeline.page.settings import Page
from rollout.reports.page import STYLE

EACH = 1.0  # seconds between two events
STREAMS = 50  # at once, so that hooks find room
OF_ONE = 10  # from one address
PING = 15  # seconds between two comments that keep a stream open
SLOW = 20  # seconds that a client may take to take an event in
WRITING = 60.0  # seconds that a report may take
PATIENCE = 10.0  # seconds that the reader may take to know its runs
STATIC = Path(__file__).parent / "static"
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Looking:
    """At *board*, by whom *door* lets in."""

    def __init__(self, page: Page, board: Board, door: Door, project: Path) -> None:
        self._board = board
        self._door = door
        self._project = project
        self._may_sign_in = bool(page.operators)
        self._only_operators = page.readers == "operators"
        self._streams: Counter[str] = Counter()
        self._report_turn = asyncio.Lock()
        self._files = {file.name: file.read_text(encoding="utf-8") for file in STATIC.iterdir()}
        self._files["page.css"] = STYLE + self._files["page.css"]  # a report and the page look the same

    def routes(self) -> list[BaseRoute]:
        """Its part of the page."""
        return [
            Route("/", self._page),
            Route("/events", self._events),
            Route("/static/{name}", self._static),
            Route("/services/{service}/runs/{run}", self._report),
        ]

    async def _page(self, request: Request) -> Response:
        session = self._door.require_reader(request)
        operator = session.operator if session else None
        self._board.look()
        return html(
            "page.html",
            sights=await run_in_threadpool(lambda: [self._board.sight(name) for name in self._board.services]),
            parts=await self._parts(operator),
            operator=operator,
            csrf=session.csrf if session else "",
            may_sign_in=self._may_sign_in,
        )

    async def _parts(self, operator: str | None) -> dict[str, str]:
        return await run_in_threadpool(self._board.parts, operator, may_sign_in=self._may_sign_in)

    async def _events(self, request: Request) -> Response:
        self._door.require_reader(request)
        address = request.client.host if request.client else ""
        if self._streams.total() >= STREAMS or self._streams[address] >= OF_ONE:
            raise RefusedError(503, "Too many look at this page at once; it can still be loaded again.")
        leaving = anyio.Event()
        return EventSourceResponse(
            self._changes(request, address, leaving),
            headers=HEADERS,
            ping=PING,
            send_timeout=SLOW,
            sep="\n",
            shutdown_event=leaving,
            shutdown_grace_period=2 * EACH,
        )

    async def _changes(self, request: Request, address: str, leaving: anyio.Event) -> AsyncIterator[dict[str, str]]:
        """An event for each second in which something changed, until the receiver is *leaving*."""
        shown: dict[str, str] = {}
        self._streams[address] += 1
        try:
            while not leaving.is_set():
                session = self._door.session(request, touch=False)
                if self._only_operators and session is None:
                    return
                self._board.look()
                parts = await self._parts(session.operator if session else None)
                changed = {name: part for name, part in parts.items() if shown.get(name) != part}
                if changed:
                    yield {"data": json.dumps(changed)}
                shown = parts
                with anyio.move_on_after(EACH):
                    await leaving.wait()
        finally:
            self._streams[address] -= 1
            if not self._streams[address]:
                del self._streams[address]

    async def _static(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._files:
            raise RefusedError(404, "There is no such file here.")
        return Response(self._files[name], headers=HEADERS, media_type=KINDS[Path(name).suffix])

    async def _report(self, request: Request) -> Response:
        """The page of a walk that the reader knows of; with `.json` at its end, the walk as data."""
        self._door.require_reader(request)
        service, run = request.path_params["service"], request.path_params["run"]
        frame = await self._board.readers[service].now(PATIENCE) if service in self._board.readers else None
        known = {one["run"] for one in frame["past"]} if frame else set()
        if run.removesuffix(".json") not in known:
            raise RefusedError(404, "There is no such rollout in the journal.")
        async with self._report_turn:  # one at a time: it takes a second of work
            file = await self._written(self._board.services[service].stack, run.removesuffix(".json"))
        if run.endswith(".json"):
            file = file.with_suffix(".json")
        if not file.exists():
            raise RefusedError(404, "This is not kept on this machine.")
        kind = "application/json" if run.endswith(".json") else "text/html"
        return Response(await run_in_threadpool(file.read_bytes), headers=REPORT, media_type=kind)

    async def _written(self, stack: str, run: str) -> Path:
        """Where `ops report` has written the page of *run*."""
        words = [sys.executable, "-m", "ops", "report", run, "--stack", stack]
        pipe, none = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(*words, cwd=self._project, stdin=none, stdout=pipe, stderr=none)
        try:
            async with asyncio.timeout(WRITING):
                said, _ = await process.communicate()
        except TimeoutError:
            said = b""
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode or not said.strip():
            raise RefusedError(503, "The report could not be written now.")
        return self._project / said.decode().strip().splitlines()[-1]
