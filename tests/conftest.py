"""Fakes shared by the tests: a clock that never waits, and a router that refuses what a real one refuses."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from rollout.errors import RouterError
from rollout.mark import Mark
from rollout.routers.interface import Health, Live
from rollout.shares import WHOLE, Shares


class FakeClock:
    """Time passes only by sleeping; `at` runs things when their second comes."""

    def __init__(self) -> None:
        self._now = 1_800_000_000.0
        self._due: list[tuple[float, Callable[[], object]]] = []

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self._now += seconds
        for due in [one for one in self._due if one[0] <= self._now]:
            self._due.remove(due)
            due[1]()

    def at(self, seconds: float, act: Callable[[], object]) -> None:
        """Call *act* once *seconds* from now have passed."""
        self._due.append((self._now + seconds, act))


class FakeRouter:
    """Live weights in memory. `healthy` says which versions are; `writes` keeps every set of shares written."""

    def __init__(self) -> None:
        self.live: Live | None = None
        self.healthy: set[str] = set()
        self.size = 2
        self.writes: list[Shares] = []
        self.marks: list[Mark | None] = []
        self.broken: set[str] = set()

    def start(self, shares: Shares, mark: Mark | None = None) -> None:
        """Begin with *shares* live; every version with one is healthy."""
        self.live = Live(shares, mark)
        self.healthy |= set(shares)

    def read(self) -> Live | None:
        self._fail_if("read")
        return self.live

    def set_shares(self, shares: Shares) -> None:
        self._fail_if("set_shares")
        assert sum(shares.values()) == WHOLE
        assert self.live is not None
        self.writes.append(shares)
        self.live = replace(self.live, shares=shares)

    def set_mark(self, mark: Mark | None) -> None:
        self._fail_if("set_mark")
        assert self.live is not None
        self.marks.append(mark)
        self.live = replace(self.live, mark=mark)

    def health(self, version: str) -> Health:
        self._fail_if("health")
        if version in self.healthy:
            return Health(version, self.size, self.size)
        return Health(version, 0, self.size, {"Target.FailedHealthChecks": self.size})

    def _fail_if(self, method: str) -> None:
        if method in self.broken:
            raise RouterError(f"{method}: throttled")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def router() -> FakeRouter:
    return FakeRouter()
