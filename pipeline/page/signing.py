"""Signing in and out.

In: a name and a password. Out: a session's cookie; a wrong password says no more than that.
"""

import asyncio

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pipeline.errors import RefusedError
from pipeline.page.answers import HEADERS, html
from pipeline.page.attempts import Attempts
from pipeline.page.door import SESSION, SIGN_IN, Door
from pipeline.page.password import is_right
from pipeline.page.settings import Page

AT_ONCE = 2  # passwords that are compared: each takes memory and time, as it should


class Signing:
    """By the operators of *page*."""

    def __init__(self, page: Page, door: Door, attempts: Attempts) -> None:
        self._page = page
        self._door = door
        self._attempts = attempts
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._log = structlog.get_logger()

    def routes(self) -> list[BaseRoute]:
        """Its part of the page; none where nobody can sign in."""
        if not self._page.operators:
            return []
        return [
            Route("/sign-in", self._form),
            Route("/sign-in", self._sign_in, methods=["POST"]),
            Route("/sign-out", self._sign_out, methods=["POST"]),
        ]

    async def _form(self, request: Request) -> Response:
        return self._ask(request)

    def _ask(self, request: Request, wrong: str = "", status: int = 200) -> Response:
        word = self._door.begin_sign_in(request)
        answer = html("sign_in.html", status, csrf=word, wrong=wrong)
        self._door.set_cookie(answer, SIGN_IN, word)
        return answer

    async def _sign_in(self, request: Request) -> Response:
        form = await self._door.form(request)
        self._door.check_sign_in(request, form)
        address = request.client.host if request.client else ""
        wait = self._attempts.begin(address)
        if wait:
            self._log.warning("sign-in refused", address=address)
            raise RefusedError(429, f"Too many wrong passwords came from your address; wait {wait / 60:.0f} minutes.")
        name = form.get("operator", "")
        async with self._turn:
            right = await run_in_threadpool(is_right, self._page.operators, name, form.get("password", ""))
        if not right:
            self._log.warning("wrong password", address=address)
            return self._ask(request, "This is no operator's name with their password.", 403)
        self._attempts.forgive(address)
        self._door.sessions.end(self._door.cookie(request, SESSION))
        self._log.info("signed in", operator=name, address=address)
        answer = RedirectResponse("/", 303, HEADERS)
        self._door.set_cookie(answer, SESSION, self._door.sessions.begin(name))
        self._door.set_cookie(answer, SIGN_IN, None)
        return answer

    async def _sign_out(self, request: Request) -> Response:
        await self._door.own_form(request)
        self._door.sessions.end(self._door.cookie(request, SESSION))
        answer = RedirectResponse("/", 303, HEADERS)
        self._door.set_cookie(answer, SESSION, None)
        return answer
