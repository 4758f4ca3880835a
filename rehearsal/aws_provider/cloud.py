"""The local AWS as the resource types see it: clients that go to loopback only, and waits that notice a stop.

Only the services that are used are loaded: a provider starts with every `pulumi` command.
"""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from rehearsal.aws_provider.errors import code
from rehearsal.provider import waiting
from rehearsal.provider.errors import InUseError, RefusedError, UnfinishedError

AGENT = "APN/1.0 Pulumi/1.0"  # in the real provider's user agent too: a trail of calls tells who asked
RETRY_SECONDS = "SLUICE_AWS_DELETE_RETRY_SECONDS"  # tests do not wait two minutes for a refusal


@dataclass(frozen=True)
class Cloud:
    """One provider's way to the local AWS. `endpoints`: service → loopback URL; `credentials` by boto3's names."""

    region: str
    endpoints: Mapping[str, str]
    credentials: Mapping[str, str] = field(default_factory=dict)
    profile: str | None = None
    default_tags: Mapping[str, str] = field(default_factory=dict)
    path_style: bool = False
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    _making: threading.Lock = field(default_factory=threading.Lock)

    def client(self, service: str, region: str) -> Any:
        """The one boto3 client of *service* in *region*."""
        with self._making:  # sessions are not safe to share between threads, clients are
            if (service, region) not in self._clients:
                self._clients[service, region] = self._make(service, region)
            return self._clients[service, region]

    @cached_property
    def _session(self) -> boto3.Session:
        """One for all clients: each reads the list of AWS's endpoints anew, a tenth of a second of work."""
        return boto3.Session(**self.credentials, profile_name=self.profile)

    def _make(self, service: str, region: str) -> Any:
        config = Config(
            proxies={},  # loopback needs none, and an environment's proxy would carry requests away from it
            retries={"mode": "standard", "max_attempts": 8},
            connect_timeout=5,
            max_pool_connections=64,
            user_agent_extra=AGENT,
            s3={"addressing_style": "path" if self.path_style else "auto"},
        )
        return self._session.client(service, region, endpoint_url=self.endpoints[service], config=config)


@dataclass(frozen=True)
class Aws:
    """What one request works with: the clients of its region; `timeout` is the resource's own, 0 when it has none."""

    cloud: Cloud
    region: str
    timeout: float = 0.0
    stop: threading.Event = field(default_factory=threading.Event)

    def __getattr__(self, service: str) -> Any:
        """The client of a service, by boto3's name: `aws.elbv2`."""
        if service not in self.cloud.endpoints:
            raise AttributeError(service)
        return self.cloud.client(service, self.region)

    def limit(self, seconds: float) -> float:
        """The resource's custom timeout, or else *seconds*."""
        return self.timeout or seconds

    def until(self, what: str, look: Callable[[], str | None], seconds: float) -> None:
        """Wait until *look* answers None; after *seconds*, its last answer is the reason in an UnfinishedError."""
        waiting.until(what, look, seconds, self.stop)

    def deleting(self, delete: Callable[[], object], codes: tuple[str, ...], seconds: float) -> None:
        """Call *delete* until AWS takes it; an answer among *codes* or an InUseError is tried again for *seconds*."""
        seconds = min(seconds, float(os.environ.get(RETRY_SECONDS, seconds)))
        last: list[ClientError | InUseError] = []

        def attempt() -> str | None:
            try:
                delete()
            except InUseError as error:
                last[:] = [error]
                return str(error)
            except ClientError as error:
                if code(error) not in codes:
                    raise
                last[:] = [error]
                return code(error)
            return None

        try:
            self.until("delete", attempt, seconds)
        except UnfinishedError:
            raise last[0] from None


@contextmanager
def unless(*codes: str) -> Iterator[None]:
    """Take AWS's refusal for success when its code is one of *codes*."""
    try:
        yield
    except ClientError as error:
        if code(error) not in codes:
            raise


def found(what: Callable[[], Any], *codes: str) -> Any:
    """*what*'s answer, or None when AWS refuses it with one of *codes*."""
    with unless(*codes):
        return what()
    return None


def pages(client: Any, operation: str, key: str, **query: Any) -> list[dict[str, Any]]:
    """Every item of a paged answer."""
    return [item for page in client.get_paginator(operation).paginate(**query) for item in page[key]]


def only(matching: list[dict[str, Any]], what: str) -> dict[str, Any]:
    """The single one of *matching*."""
    if not matching:
        raise RefusedError(f"no matching {what} found")
    if len(matching) > 1:
        raise RefusedError(f"multiple {what} matched; use additional constraints to reduce matches to a single one")
    return matching[0]
