"""The page as the receiver serves it: its parts put together.

In: settings, the backlog, the project. Out: routes, and what has to be begun and ended with the server.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from pipeline.backlog import Backlog
from pipeline.page.acting import Acting
from pipeline.page.actions import Actions
from pipeline.page.attempts import Attempts
from pipeline.page.board import Board
from pipeline.page.door import Door
from pipeline.page.looking import Looking
from pipeline.page.sessions import Sessions
from pipeline.page.signing import Signing
from pipeline.settings import Settings
from rollout.clock import Clock


class Site:
    """The page for the services of *settings*."""

    def __init__(self, settings: Settings, backlog: Backlog, project: Path, clock: Clock) -> None:
        self._actions = Actions(settings.folder, project, clock)
        self._board = Board(settings.services, backlog, self._actions, project)
        door = Door(settings.page, Sessions(clock))
        self._parts = [
            Looking(settings.page, self._board, door, project),
            Signing(settings.page, door, Attempts(clock)),
            Acting(self._board, door, clock),
        ]

    def routes(self) -> list[BaseRoute]:
        """All of it."""
        return [route for part in self._parts for route in part.routes()]

    @asynccontextmanager
    async def running(self, app: Starlette) -> AsyncIterator[None]:
        """While the server runs; what operators had begun goes on after it."""
        del app
        try:
            yield
        finally:
            await self._board.stop()
            self._actions.close()
