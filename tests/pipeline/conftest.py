"""A service, a registry in memory, and releases that end as a test says."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.backlog import Backlog
from pipeline.detached import End
from pipeline.errors import RegistryError
from pipeline.hint import Hint
from pipeline.lookup import Lookup
from pipeline.records import Release
from pipeline.registry import Image
from pipeline.settings import Service
from pipeline.worker import Worker
from tests.fakes import FakeClock
from tests.pipeline.github import Github, standing

GITHUB, HUB = b"a-secret-that-is-as-long-as-it-has-to-be", b"another-secret-that-is-as-long-as-it-should"


def digest(letter: str) -> str:
    return f"sha256:{letter * 64}"


@pytest.fixture
def shop() -> Service:
    return Service(
        stack="prod",
        image="docker.io/acme/shop",
        tags=["main-*", "latest"],
        commit_tag="main-{short}",
        github="acme/shop",
        codeship="acme/shop",
    )


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def github() -> Iterator[Github]:
    with standing() as github:
        yield github


@pytest.fixture
def backlog(tmp_path: Path) -> Iterator[Backlog]:
    backlog = Backlog(tmp_path / "backlog.db")
    yield backlog
    backlog.close()


class FakeRegistry:
    """`named`: digest by tag; `signed`: what is signed of an image, by digest."""

    def __init__(self) -> None:
        self.named: dict[str, str] = {}
        self.down = False
        self.created: dict[str, float] = {}
        self.signed: dict[str, str] = {}

    def image(self, tag: str) -> Image | None:
        if self.down:
            raise RegistryError("docker.io/acme/shop: no answer")
        found = self.named.get(tag)
        return Image(found, created=self.created.get(tag)) if found else None

    def tags(self) -> list[str]:
        if self.down:
            raise RegistryError("docker.io/acme/shop: no answer")
        return list(self.named)

    def signature(self, digest: str) -> str | None:
        if self.down:
            raise RegistryError("docker.io/acme/shop: no answer")
        return self.signed.get(digest)


class FakeDeploys:
    """`ends`: exit codes by version, 0 where there is none; `done`: versions in turn; None: it is not over."""

    def __init__(self) -> None:
        self.ends: dict[str, int | None] = {}
        self.done: list[str] = []

    def __call__(self, release: Release) -> End | None:
        self.done.append(release.version)
        code = self.ends.get(release.version, 0)
        return None if code is None else End(code, f"error: {release.version} was restored" if code else "all is well")

    def forget(self, release: Release) -> None:
        del release


class Bench:
    """A worker with all that it touches in memory, but for the backlog."""

    def __init__(self, shop: Service, backlog: Backlog, clock: FakeClock) -> None:
        self.backlog = backlog
        self.clock = clock
        self.registry = FakeRegistry()
        self.deploys = FakeDeploys()
        self.told: list[tuple[str, str]] = []
        self.deaf = False
        self.shop = shop
        self.worker = self.another()

    def another(self) -> Worker:
        """A worker that knows only what the backlog holds, as after a restart."""
        self.worker = Worker(
            "shop",
            poll=300,
            backlog=self.backlog,
            lookup=Lookup("shop", self.shop, backlog=self.backlog, registry=self.registry, clock=self.clock),
            deploy=self.deploys,
            tell=self._hear,
            clock=self.clock,
            stopped=threading.Event(),
        )
        return self.worker

    def hint(self, tag: str, letter: str | None = None, **more: float | str) -> int:
        """The image of *letter* is pushed as *tag*, and a hook tells of the tag."""
        if letter:
            self.registry.named[tag] = digest(letter)
        return self.backlog.add([Hint(sender="generic", service="shop", tag=tag, **more)], self.clock.now())  # pyright: ignore[reportArgumentType]

    def settle(self) -> None:
        """Turns until there is nothing to do at once."""
        while self.worker.turn() == 0:
            pass

    def states(self) -> dict[str, str]:
        return {one.version: one.state for one in self.backlog.releases("shop")}

    def _hear(self, release: Release) -> bool:
        if not self.deaf:
            self.told.append((release.version, release.state))
        return not self.deaf


@pytest.fixture
def bench(shop: Service, backlog: Backlog, clock: FakeClock) -> Bench:
    """The bench after its first look at an empty repository."""
    bench = Bench(shop, backlog, clock)
    bench.settle()
    return bench
