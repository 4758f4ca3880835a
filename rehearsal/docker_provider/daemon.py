"""The daemon as the resource types see it: the SDK's client, registries' credentials, waits that notice a stop."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from docker.api.client import APIClient

from rehearsal.docker_provider.errors import DOCKER_ERRORS, is_missing, told
from rehearsal.provider import waiting
from rehearsal.provider.errors import RefusedError
from rehearsal.provider.values import Props


@dataclass(frozen=True)
class Daemon:
    """One request's way to the daemon. `auths`: a registry's host → what it is asked with."""

    client: APIClient
    auths: Mapping[str, Props] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def version(self) -> tuple[int, ...]:
        """The API's version, such as (1, 41)."""
        return tuple(int(part) for part in self.client.api_version.split("."))

    def post(self, path: str, data: Props) -> Any:
        """The daemon's answer to a call that the SDK has no whole method for."""
        client: Any = self.client
        return client._result(client._post_json(client._url(path), data=data), True)

    def until(self, what: str, look: Callable[[], str | None], seconds: float) -> None:
        """Wait until *look* answers None; after *seconds*, its last answer is the reason in an UnfinishedError."""
        waiting.until(what, look, seconds, self.stop)


@contextmanager
def doing(what: str) -> Iterator[None]:
    """Put *what* was tried before the daemon's refusal, as the real provider does."""
    try:
        yield
    except DOCKER_ERRORS as error:
        raise RefusedError(f"{what}: {told(error)}") from error


@contextmanager
def unless_gone(what: str) -> Iterator[None]:
    """As `doing`; that there is no such container, or that another removes it already, is fine."""
    try:
        yield
    except DOCKER_ERRORS as error:
        if not any(fine in told(error) for fine in ("No such container", "is already in progress")):
            raise RefusedError(f"{what}: {told(error)}") from error


def found(look: Callable[[], Any]) -> Any:
    """What *look* answers; None when the daemon knows no such thing."""
    try:
        return look()
    except DOCKER_ERRORS as error:
        if not is_missing(error):
            raise
        return None
