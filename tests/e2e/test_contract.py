"""The data's contract on the real engine: what a release writes closes the way back, in preview, walk and verbs."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rehearsal.load import dropped
from rehearsal.stage import Done
from rollout.mark import asker
from tests.e2e.conftest import ONE_MOVE, client, ok, weighted_rule
from tests.e2e.dock import Dock, docked
from tests.e2e.refusals import PREVIEW
from tests.e2e.scene import Scene

OPS = (sys.executable, "-m", "ops")
CONTRACTS = {
    "v1": {"reads": [7], "writes": 7},
    "v2": {"reads": [7, 8], "writes": 7},
    "v3": {"reads": [7, 8], "writes": 8},
}
UNREADABLE = (
    "v1, which serves beside it and takes over again if it fails, reads 7 and writes 7: release first what reads 8"
)
CLOSED = "sluice:traffic: the data is at schema 8, and v1 reads 7 and writes 7"


@pytest.fixture(scope="module")
def dock(docker_client, docker_host: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dock]:
    """v1 live."""
    with docked(tmp_path_factory.mktemp("dock"), docker_client, docker_host) as dock:
        for version, contract in CONTRACTS.items():
            dock.add(version)
            dock.releases[version]["schema"] = contract
        dock.declare({"v1": 100})
        ok(dock.up())
        yield dock


def migration(folder: Path) -> list[str]:
    """A command that notes each of its runs in `migrations`, and fails while `broken` is there."""
    note = 'echo "$SLUICE_VERSION $SLUICE_SCHEMA ${SLUICE_ARTIFACT##*/}" >>"$0/migrations"; test ! -e "$0/broken"'
    return ["sh", "-c", note, str(folder)]


def refused(done: Done, *said: str) -> None:
    assert done.code != 0, done.text
    assert [one for one in said if one not in done.text] == [], done.text


def test_a_release_is_restored_to_what_can_read_it_and_the_way_behind_it_is_closed(dock, tmp_path):
    ran = tmp_path / "migrations"
    migrate: dict[str, Any] = {"migrate": migration(tmp_path), "bake": "1s"}
    load = dock.load()
    load.start()

    dock.declare({"v3": 100}, **migrate)
    refused(dock.stage.run(*PREVIEW), UNREADABLE, "the last safe release is v2")
    refused(dock.up(), UNREADABLE, "the last safe release is v2. Nothing was moved")
    assert (dock.live(), ran.exists()) == ({"v1": 999}, False)

    dock.declare({"v2": 100}, **migrate)
    ok(dock.up())
    dock.declare({"v3": 100}, **migrate)
    assert "data: schema 7 → 8, once `sh -c" in ok(dock.stage.run(*PREVIEW))

    (tmp_path / "broken").touch()
    refused(dock.up(), "the migration `sh -c", "ended with 1", "counts as begun", "v2 100 stays live")
    (tmp_path / "broken").unlink()
    assert "schema 8 (migrating), which v1 cannot read" in ok(dock.stage.run(*OPS, "schema"))

    dock.declare({"v3": 100}, **{**migrate, "bake": "20s"})
    stop = {"moved: v2 75 · v3 25": lambda: dock.stage.run(*OPS, "stop")}
    refused(dock.up(react=stop), f"stopped by {asker()} (`ops stop`). Restored v2 100")
    assert dock.live() == {"v2": 999}
    image = dock.releases["v3"]["image"].rpartition("/")[2]
    assert ran.read_text().splitlines() == [f"v3 8 {image}"] * 2  # the second one ended well, and was the last
    refused(dock.stage.run(*OPS, "rollback", "v1", "--now"), CLOSED, "the last safe release is v3")
    refused(dock.stage.run(*OPS, "rollback", "v1"), CLOSED)
    assert dock.live() == {"v2": 999}

    dock.declare({"v3": 100}, **migrate)
    ok(dock.up())
    assert len(ran.read_text().splitlines()) == 2
    assert "data      schema 8" in ok(dock.stage.run(*OPS, "status"))
    ok(dock.stage.run(*OPS, "rollback", "v2"))
    assert dock.live() == {"v2": 999}
    assert dropped(load.stop()) == []


def test_on_a_load_balancer_the_rule_holds_what_the_data_is_at(scene: Scene):
    here, _ = scene.ends()
    entries: dict[str, Any] = {version: {"ami": ami} for version, ami in scene.releases.items()}
    entries["v9"] = {"ami": scene.releases[here], "schema": {"reads": [1], "writes": 1}}
    scene.declare({here: 100}, **ONE_MOVE)
    scene.stage.configure(releases=entries, traffic={"v9": 100})
    ok(scene.up())
    rule = weighted_rule(scene.stage)
    assert rule is not None
    (described,) = client(scene.stage, "elbv2").describe_tags(ResourceArns=[rule["RuleArn"]])["TagDescriptions"]
    assert {"Key": "sluice:schema", "Value": "1 1"} in described["Tags"]
    entries["v10"] = {"ami": scene.releases[here], "schema": {"reads": [2], "writes": 2}}
    scene.stage.configure(releases=entries, traffic={"v10": 100})
    refused(scene.preview(), "the data is at schema 1, and v10 reads 2 and writes 2; the last safe release is")
    del entries["v10"]
    scene.stage.configure(releases=entries, traffic={here: 100})  # it says nothing, so it reads what was there first
    ok(scene.up())
