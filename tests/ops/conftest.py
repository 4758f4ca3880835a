"""A stack without an engine: its file is real, what the engine would answer is set by the test."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from ops import change, status
from ops.errors import EngineError, OpsError
from ops.facts import Config, State, Update
from rollout.routers.interface import Health, Live
from rollout.shares import Shares, percent

AMI = "ami-0123456789abcdef0"
OTHER = "ami-0fedcba9876543210"
FILE = f"""\
# our shop
config:
  sluice:platform: aws
  sluice:service: {{name: shop, port: 8080}} # the service
  sluice:listener: {{internal: true}}
  sluice:releases:
    v1: {{ami: {AMI}}} # the first
    v2: {{ami: {AMI}}}
  sluice:traffic: {{v2: 100}}
"""


def update(traffic: Shares, result: str = "succeeded", number: int = 0, **releases: str) -> Update:
    """One update of the history; a higher *number* is older."""
    entries = {version: {"ami": ami} for version, ami in releases.items()} or {v: {"ami": AMI} for v in traffic}
    values = {"sluice:traffic": json.dumps(percent(traffic)), "sluice:releases": json.dumps(entries)}
    return Update(datetime(2026, 11, 24, 12, tzinfo=UTC) - timedelta(hours=number), result, values)


class FakeStack:
    """Stands for `ops.stack.Stack`: `up` notes what the file said, then does what `act` does."""

    name = "test"

    def __init__(self, folder: Path) -> None:
        self.file = folder / "Pulumi.test.yaml"
        self.file.write_text(FILE)
        self.history: list[Update] = []
        self.recorded = State({}, {})
        self.ups: list[str] = []
        self.act: Callable[[], None] = lambda: None

    def config(self, file: Path | None = None) -> Config:
        document = YAML(typ="safe").load(file or self.file)["config"]
        return Config({key: v if isinstance(v, str) else json.dumps(v) for key, v in document.items()}, ())

    def updates(self) -> Iterator[Update]:
        return iter(self.history)

    def state(self) -> State:
        return self.recorded

    def up(self, message: str, say: Callable[[str], None]) -> None:
        self.ups.append(message)
        say(self.file.read_text())
        self.act()

    def refuse(self, error: EngineError | KeyboardInterrupt) -> None:
        """Let `up` fail with *error*."""

        def act() -> None:
            raise error

        self.act = act

    def builds(self, *versions: str) -> None:
        """The slices of *versions* stand."""
        made = {f"shop-{v}": {"group": f"arn:{v}", "fleet": f"fleet-{v}"} for v in versions}
        self.recorded = State(self.recorded.outputs, made)


class FakeCloud:
    """Stands for `ops.aws.Cloud`: what is live, who is healthy, which AMIs exist."""

    def __init__(self) -> None:
        self.shares: Live | None = Live({"v2": 1000}, None)
        self.unreachable: str | None = None
        self.healths: dict[str, Health] = {}
        self.amis = {AMI, OTHER}

    def live(self) -> Live | None:
        if self.unreachable:
            raise OpsError(self.unreachable)
        return self.shares

    def health(self, version: str) -> Health | None:
        return self.healths.get(version)

    def images(self, amis: set[str]) -> set[str]:
        return amis & self.amis


@pytest.fixture
def stack(tmp_path: Path) -> Any:
    return FakeStack(tmp_path)


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> FakeCloud:
    """The cloud that every verb looks at."""
    fake = FakeCloud()
    for module in (change, status):
        monkeypatch.setattr(module, "Cloud", lambda settings, state: fake)
    return fake


@pytest.fixture
def said() -> list[str]:
    """The progress that a verb told: pass its `append`."""
    return []
