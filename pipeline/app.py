"""The receiver: what is asked over HTTP, and answered.

    POST /hooks/github                 signed by X-Hub-Signature-256
    POST /hooks/{sender}/{token}       dockerhub, codeship, generic: a secret in the path
    GET  /healthz, /metrics            for those who watch it
    /                                  the page (pipeline/page)

In: settings, the backlog, the page. Out: a Starlette application. A hook is in the backlog, on disk, before it is
answered.
"""

import json
from collections.abc import Callable
from contextlib import suppress

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pipeline.backlog import Backlog
from pipeline.errors import RefusedError
from pipeline.figures import Figures
from pipeline.hint import Hint
from pipeline.limits import body_of
from pipeline.page.answers import refused
from pipeline.page.routes import Site
from pipeline.senders import PARSERS
from pipeline.settings import Settings
from pipeline.signature import check_signature, check_token
from rollout.clock import Clock

SIGNED = "github"  # every other sender has its secret in the path


class Receiver:
    """`heard` is called with a service's name when there is news of it; `alive`: whether every worker is."""

    def __init__(
        self,
        settings: Settings,
        backlog: Backlog,
        *,
        heard: Callable[[str], None],
        alive: Callable[[], bool],
        clock: Clock,
        site: Site,
    ) -> None:
        self._settings = settings
        self._backlog = backlog
        self._heard = heard
        self._alive = alive
        self._clock = clock
        self._site = site
        self._figures = Figures(backlog)
        self._log = structlog.get_logger()

    def app(self) -> Starlette:
        """The application."""
        return Starlette(
            routes=[
                Route("/hooks/github", self._github, methods=["POST"]),
                Route("/hooks/{sender}/{token}", self._hook, methods=["POST"]),
                Route("/healthz", self._health),
                Route("/metrics", self._metrics),
                *self._site.routes(),
            ],
            exception_handlers={RefusedError: refused},
            lifespan=self._site.running,
        )

    async def _github(self, request: Request) -> Response:
        return await self._answer(SIGNED, request)

    async def _hook(self, request: Request) -> Response:
        return await self._answer(request.path_params["sender"], request)

    async def _answer(self, sender: str, request: Request) -> Response:
        named = sender if sender in PARSERS else "unknown"
        with self._figures.hook(named) as seen:
            try:
                hints = await self._hints(sender, request)
                news = await run_in_threadpool(self._backlog.add, hints, self._clock.now())
            except RefusedError as error:
                seen.outcome = f"refused {error.status}"
                self._log.warning("refused", sender=named, status=error.status, why=str(error))
                close = {"Connection": "close"} if error.status in (408, 413) else {}
                return JSONResponse({"error": str(error)}, error.status, headers=close)
            seen.outcome = "news" if news else "known" if hints else "nothing"
            self._log.info("hook", sender=sender, tags=[hint.tag for hint in hints], outcome=seen.outcome)
        for service in {hint.service for hint in hints}:
            self._heard(service)
        return JSONResponse({"services": sorted({hint.service for hint in hints}), "news": news}, 202)

    async def _hints(self, sender: str, request: Request) -> list[Hint]:
        """What the sender makes known; who it is comes before what it says."""
        secret = self._settings.secrets.get(sender)
        if secret is None or (sender == SIGNED) != ("token" not in request.path_params):
            raise RefusedError(404, "there is nothing here")
        if sender == SIGNED:
            body = await body_of(request)
            check_signature(secret, body, request.headers.get("x-hub-signature-256"))
        else:
            check_token(secret, request.path_params["token"])
            body = await body_of(request)
        decoded = None
        with suppress(ValueError, RecursionError):
            decoded = json.loads(body)
        if not isinstance(decoded, dict):
            raise RefusedError(400, "the body is no JSON object")
        return PARSERS[sender](decoded, request.headers, self._settings.services)

    async def _health(self, request: Request) -> Response:
        del request
        well = self._alive()
        return JSONResponse({"well": well}, 200 if well else 503)

    async def _metrics(self, request: Request) -> Response:
        del request
        return Response(
            await run_in_threadpool(generate_latest, self._figures.registry), media_type=CONTENT_TYPE_LATEST
        )
