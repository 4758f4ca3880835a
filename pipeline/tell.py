"""Who waits for a release is told how it goes: GitHub by a commit status, Docker Hub by its callback.

In: the release. Out: whether everyone who had to be told was. A client of HTTP is passed in.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx2
import structlog

from pipeline.detached import gist
from pipeline.errors import TellError
from pipeline.records import Release, State
from pipeline.settings import Service

VERSION = "2022-11-28"  # of GitHub's API
LONGEST = 140  # characters of a description, by GitHub
STATES: Mapping[State, str] = {
    "waiting": "pending",
    "running": "pending",
    "released": "success",
    "failed": "failure",
    "superseded": "error",
    "older": "error",
}
SAID: Mapping[State, str] = {
    "waiting": "{version} waits to be released to {stack}",
    "running": "{version} is being released to {stack}",
    "released": "{version} has all the traffic of {stack}",
    "failed": "{version} was not released to {stack}: {why}",
    "superseded": "{version} was not released to {stack}: {why}",
    "older": "{version} was not released to {stack}: {why}",
}
HUB = "registry.hub.docker.com"  # where Docker Hub's callbacks are
GONE_FOR_GOOD = (401, 403, 404, 410, 422)  # asking again would say the same


@dataclass(frozen=True, kw_only=True)
class Tell:
    """For *service*. `token` None: nobody at GitHub is told; `callbacks`: what gives a release's callbacks out."""

    service: Service
    client: httpx2.Client
    callbacks: Callable[[Release], Iterable[str]]
    api: str | None = None
    token: str | None = field(default=None, repr=False)

    def __call__(self, release: Release) -> bool:
        """Tell of *release*'s state; False when it is to be tried again."""
        log = structlog.get_logger().bind(version=release.version)
        try:
            self._github(release)
            if release.state not in ("known", "waiting", "running"):
                self._hub(release)
        except TellError as error:
            log.warning("not told", error=str(error))
            return False
        return True

    def _github(self, release: Release) -> None:
        if not (self.api and self.token and self.service.github and release.commit) or release.state not in STATES:
            return
        said = SAID[release.state].format(version=release.version, stack=self.service.stack, why=gist(release.why))
        body = {
            "state": STATES[release.state],
            "description": said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…",
            "context": f"sluice/{self.service.stack}",
        }
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "X-GitHub-Api-Version": VERSION,
        }
        self._post(f"{self.api}/repos/{self.service.github}/statuses/{release.commit}", body, headers)

    def _hub(self, release: Release) -> None:
        for url in self.callbacks(release):
            if not may_be_called(url, self.service.image):
                structlog.get_logger().warning("callback elsewhere", host=urlsplit(url).hostname)
                continue
            self._post(url, {"state": STATES[release.state], "context": f"sluice/{self.service.stack}"}, {})

    def _post(self, url: str, body: Mapping[str, str], headers: Mapping[str, str]) -> None:
        host = urlsplit(url).hostname
        try:
            answer = self.client.post(url, json=body, headers=headers)
        except httpx2.HTTPError as error:
            raise TellError(f"{host}: {error or type(error).__name__}") from None
        if answer.status_code in GONE_FOR_GOOD:
            structlog.get_logger().error("not told, and not tried again", host=host, status=answer.status_code)
        elif not answer.is_success:
            raise TellError(f"{host} answers {answer.status_code}")


def may_be_called(url: str, image: str) -> bool:
    """Whether *url* is on *image*'s registry: anything else would be asked for because a stranger said so.

    By TLS, except on this machine.
    """
    registry = image.partition("/")[0]
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    if parts.username is not None or parts.password is not None:
        return False
    if registry in ("docker.io", "index.docker.io"):
        return parts.scheme == "https" and host == HUB and port in (None, 443)
    same = f"{host}:{port}" if port else host
    return same == registry and (parts.scheme == "https" or (parts.scheme == "http" and host == "127.0.0.1"))
