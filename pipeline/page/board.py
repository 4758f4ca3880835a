"""All that the page shows: of each service what its reader sees, the receiver's releases, what operators had done.

In: services, the backlog, actions. Out: sights, parts of HTML.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

from pipeline.backlog import Backlog
from pipeline.page.actions import Actions
from pipeline.page.parts import Sight, parts
from pipeline.page.reader import Reader
from pipeline.settings import Service

QUEUE = 6  # releases that are shown


class Board:
    """Of *services*, run by *project*'s verbs."""

    def __init__(self, services: Mapping[str, Service], backlog: Backlog, actions: Actions, project: Path) -> None:
        self.services = services
        self.actions = actions
        self._backlog = backlog
        self.readers = {
            name: Reader([sys.executable, "-m", "ops", "watch", "--json", "--stack", one.stack], project)
            for name, one in services.items()
        }

    def look(self) -> None:
        """Somebody looks now."""
        for reader in self.readers.values():
            reader.look()

    async def stop(self) -> None:
        """End the readers."""
        for reader in self.readers.values():
            await reader.stop()

    def sight(self, service: str) -> Sight:
        """*service* as it is known now."""
        reader = self.readers[service]
        return Sight(
            service=service,
            stack=self.services[service].stack,
            frame=reader.frame,
            trouble=reader.trouble,
            queue=self._backlog.last(service, QUEUE),
            done=self.actions.newest(service),
        )

    def parts(self, operator: str | None, *, may_sign_in: bool) -> dict[str, str]:
        """Every part of every service, by id."""
        made: dict[str, str] = {}
        for service in self.services:
            made |= parts(self.sight(service), operator=operator, may_sign_in=may_sign_in)
        return made
