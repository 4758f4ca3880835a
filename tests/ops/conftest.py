"""A stack without an engine: its file is real, what the engine would answer is set by the test."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from components.release import Release
from ops import carry, gc, preview, prospect, recover, schema, status, stop, watch
from ops.errors import EngineError, OpsError
from ops.facts import Config, State, Update
from ops.locks import Lock
from ops.stack import Preview
from rollout.routers.interface import Health, Live
from rollout.schema import Schema
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

    name = short = "test"

    def __init__(self, folder: Path) -> None:
        self.file = folder / "Pulumi.test.yaml"
        self.file.write_text(FILE)
        self.history: list[Update] = []
        self.recorded = State({}, {})
        self.ups: list[str] = []
        self.environments: list[Mapping[str, str]] = []
        self.locked: list[Lock] | None = []
        self.expects: EngineError | Preview = Preview(["plan: v2 100 → v1 100"], {"update": 2})
        self.act: Callable[[], None] = lambda: None

    def config(self, file: Path | None = None) -> Config:
        document = YAML(typ="safe").load(file or self.file)["config"]
        return Config(
            {key: v if isinstance(v, str) else json.dumps(v, sort_keys=True) for key, v in document.items()}, ()
        )

    def updates(self) -> Iterator[Update]:
        return iter(self.history)

    def state(self) -> State:
        return self.recorded

    def up(self, message: str, say: Callable[[str], None], environment: Mapping[str, str]) -> None:
        self.ups.append(message)
        self.environments.append(environment)
        say(self.file.read_text())
        self.act()

    def preview(self, file: Path) -> Preview:
        assert file.read_text() != self.file.read_text()
        if isinstance(self.expects, EngineError):
            raise self.expects
        return self.expects

    def locks(self) -> list[Lock] | None:
        return self.locked

    def cancel(self) -> None:
        self.locked = []

    def refuse(self, error: EngineError | KeyboardInterrupt) -> None:
        """Let `up` fail with *error*."""

        def act() -> None:
            raise error

        self.act = act

    def builds(self, *versions: str) -> None:
        """The slices of *versions* stand."""
        made = {f"shop-{v}": {"group": f"arn:{v}", "fleet": f"fleet-{v}"} for v in versions}
        self.recorded = replace(self.recorded, slices=made)

    def released(self, *versions: str, shares: Shares | None = None) -> None:
        """An `up` has gone through with the slices of *versions*."""
        slices = {v: {"artifact": AMI, "group": f"arn:{v}", "fleet": f"fleet-{v}"} for v in versions}
        self.recorded = State({"sluice": {"slices": slices}}, {}, shares)


class FakeCloud:
    """Stands for `ops.cloud.Cloud`: what is live, who is healthy, which AMIs exist."""

    def __init__(self) -> None:
        self.shares: Live | None = Live({"v2": 1000}, None)
        self.unreachable: str | None = None
        self.healths: dict[str, Health] = {}
        self.lacking: dict[str, list[str]] = {}
        self.amis = {AMI, OTHER}
        self.asked: list[str] = []
        self.obeys = True
        self.recovered: list[Live] = []

    def live(self) -> Live | None:
        if self.unreachable:
            raise OpsError(self.unreachable)
        return self.shares

    def ask_stop(self, run: str) -> bool:
        """The walk puts its start back at once, if it `obeys`."""
        assert self.shares is not None
        assert self.shares.mark is not None
        self.asked.append(run)
        if self.obeys:
            self.shares = Live(self.shares.mark.start, None)
        return True

    def recover(self, live: Live, say: Callable[[str], None]) -> None:
        assert live.mark is not None
        self.recovered.append(live)
        self.shares = Live(live.mark.start, None)

    def set_schema(self, schema: Schema) -> None:
        assert self.shares is not None
        self.shares = replace(self.shares, schema=schema)

    def health(self, version: str) -> Health | None:
        return self.healths.get(version)

    def missing(self, version: str) -> list[str]:
        if version in self.lacking:
            return self.lacking[version]
        return [] if version in self.healths else ["slice"]

    def lost(self, releases: Collection[Release]) -> dict[str, str]:
        return {one.version: f"AMI {one.ami}" for one in releases if one.ami and one.ami not in self.amis}


@pytest.fixture
def stack(tmp_path: Path) -> Any:
    return FakeStack(tmp_path)


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> FakeCloud:
    """The cloud that every verb looks at."""
    fake = FakeCloud()
    for module in (carry, gc, preview, prospect, recover, schema, status, stop, watch):
        monkeypatch.setattr(module, "Cloud", lambda settings, state: fake)
    return fake


@pytest.fixture
def said() -> list[str]:
    """The progress that a verb told: pass its `append`."""
    return []
