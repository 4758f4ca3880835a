"""A walk on fakes, as the hook would order it; an S3 that answers when the test wants it to."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from rollout.controller import Controller
from rollout.errors import GateError
from rollout.journal import Entry
from rollout.order import Order
from rollout.shares import Shares
from rollout.strategy import ONE_MOVE, Strategy
from tests.fakes import FakeClock, FakeFleets, FakeJournal, FakeRouter, FakeSource
from tests.patience import PATIENCE

V1, V2 = {"v1": 1000}, {"v2": 1000}
HEALTH_ALONE = Strategy(ready=60, steps=ONE_MOVE, bake=0, errors=None)


@dataclass
class Bench:
    """Everything a walk touches, as fakes, and what became of it."""

    clock: FakeClock = field(default_factory=FakeClock)
    router: FakeRouter = field(default_factory=FakeRouter)
    fleets: FakeFleets = field(default_factory=FakeFleets)
    journal: FakeJournal = field(default_factory=FakeJournal)
    stop: threading.Event = field(default_factory=threading.Event)
    lines: list[str] = field(default_factory=list)
    ended: list[Entry] = field(default_factory=list)
    smoked: list[str] = field(default_factory=list)
    migrated: list[tuple[str, int]] = field(default_factory=list)
    undone: str = ""  # why a migration fails
    meanwhile: Callable[[], object] = bool  # what happens while one runs

    def __post_init__(self) -> None:
        self.source = FakeSource(self.clock, self.router)

    def smoke(self, version: str, check: Callable[[], None]) -> None:
        check()
        self.smoked.append(version)

    def migrate(self, version: str, schema: int, check: Callable[[], None]) -> None:
        self.meanwhile()
        check()
        if self.undone:
            raise GateError(self.undone)
        self.migrated.append((version, schema))

    def controller(self, *, judged: bool = True) -> Controller:
        return Controller(
            router=self.router,
            fleets=self.fleets,
            source=self.source if judged else None,
            smoke=self.smoke,
            migrate=self.migrate,
            journal=self.journal,
            clock=self.clock,
            stop=self.stop,
            say=self.lines.append,
            done=self.ended.append,
        )

    def order(self, recorded: Shares | None, planned: Shares, strategy: Strategy = HEALTH_ALONE, **more) -> Order:
        declared = frozenset({"v1", "v2", "v3"})
        return Order(
            service="shop",
            stack="dev",
            recorded=recorded,
            planned=planned,
            strategy=strategy,
            **{"declared": declared, **more},
        )

    def walk(self, recorded: Shares | None, planned: Shares, strategy: Strategy = HEALTH_ALONE, **more) -> None:
        order = self.order(recorded, planned, strategy, **more)
        self.controller(judged=bool(strategy.gates)).run(order)

    def preview(self, recorded: Shares | None, planned: Shares, strategy: Strategy = HEALTH_ALONE, **more) -> list[str]:
        order = self.order(recorded, planned, strategy, **more)
        return self.controller(judged=bool(strategy.gates)).preview(order)


@pytest.fixture
def bench() -> Bench:
    return Bench()


class SlowS3:
    """An S3 client whose `put_object` waits until `let_go` is set, then does what `act` does."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.asked = threading.Event()
        self.bodies: list[bytes] = []
        self.act: Callable[[], None] = lambda: None

    def put_object(self, Body: bytes, **_: Any) -> None:  # noqa: N803  boto3's name
        self.asked.set()
        assert self.let_go.wait(PATIENCE)
        self.act()
        self.bodies.append(Body)


@pytest.fixture
def slow() -> SlowS3:
    return SlowS3()
