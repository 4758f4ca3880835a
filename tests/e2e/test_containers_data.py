"""The data layer on containers: what was counted survives every slice, and no secret's value is seen anywhere."""

import json
import secrets
import sys
import textwrap
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import psutil
import pytest

from images import build, fetch
from rehearsal.stage import Done
from tests.e2e.conftest import ROOT, ok
from tests.e2e.dock import Dock, docked
from tests.e2e.refusals import AT_ONCE, PREVIEW, refused
from tests.patience import PATIENCE, eventually

DATABASE = "shop-postgres"
CANARY = f"canary-{secrets.token_hex(16)}"


@dataclass
class Counted:
    """A dock with a database; `visits`: how many were made; `said`: all that its commands printed."""

    dock: Dock
    visits: int = 0
    said: list[str] = field(default_factory=list)

    def visit(self, times: int = 3) -> None:
        """Each visit counts, and none was lost before."""
        for _ in range(times):
            status, answer = self.ask()
            assert (status, answer.get("visits")) == (200, self.visits + 1), answer
            self.visits += 1

    def ask(self) -> tuple[int, dict[str, Any]]:
        """One visit, as it was answered."""
        try:
            with urllib.request.urlopen(f"{self.dock.url}/visits", timeout=PATIENCE) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def up(self, traffic: Mapping[str, float]) -> Done:
        """`pulumi up` with that traffic, in one move."""
        self.dock.declare(traffic, **AT_ONCE)
        return self.dock.up()

    def ops(self, *arguments: str) -> str:
        """`python -m ops`, which has to succeed."""
        return ok(self.dock.stage.run(sys.executable, "-m", "ops", *arguments))

    @property
    def database(self) -> Any:
        """Its container."""
        return self.dock.client.containers.get(DATABASE)


@pytest.fixture(scope="module")
def counted(docker_client, docker_host: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counted]:
    """v1 live, with a secret of its own, and a database in which nothing was counted yet."""
    build.build_postgres(docker_client, fetch.cache(), lambda _: None)
    folder = tmp_path_factory.mktemp("data")
    (folder / "canary").write_text(CANARY)
    with docked(folder, docker_client, docker_host) as dock:
        counted = Counted(dock)
        dock.stage = replace(dock.stage, log=counted.said.append)
        dock.stage.configure(data={"postgres": {"memory": 256}})
        dock.add("v1", secrets={"CANARY": str(folder / "canary")})
        ok(counted.up({"v1": 100}))
        yield counted


def test_no_visit_is_lost_over_release_failure_rollback_and_the_end_of_every_slice(counted):
    dock, born = counted.dock, counted.database.id
    counted.visit()
    dock.add("v2")
    ok(counted.up({"v2": 100}))
    counted.visit()
    dock.moody("v3")
    dock.faulty("v3", unhealthy=1)
    assert counted.up({"v3": 100}).code != 0
    counted.visit()
    del dock.releases["v3"]
    ok(counted.up({"v2": 100}))
    counted.ops("rollback", "--now")
    assert dock.ask() == (200, "v1")
    counted.visit()
    counted.ops("down", "--yes")
    assert (dock.containers("v1"), dock.containers("v2"), dock.live()) == ([], [], {})
    assert (counted.database.id, counted.database.status) == (born, "running")
    ok(counted.up({"v2": 100}))
    counted.visit()
    assert counted.database.id == born  # no release was in its diff
    ok(dock.up("--expect-no-changes"))


def test_a_database_that_is_away_takes_no_slice_down_and_the_next_up_brings_it_back(counted):
    counted.visit()
    counted.database.stop(timeout=30)
    status, answer = counted.ask()
    assert (status, answer["error"].partition(":")[0]) == (503, "the database is away")
    assert counted.dock.ask()[0] == 200
    ok(counted.dock.up())
    eventually(lambda: counted.ask()[0] == 200, "it counts again")
    counted.visits += 1  # by what was asked last
    counted.visit()


def test_a_database_that_was_removed_by_hand_is_made_again_with_its_data(counted):
    counted.visit()
    counted.database.remove(force=True)
    ok(counted.dock.up())
    eventually(lambda: counted.ask()[0] == 200, "it counts again")
    counted.visits += 1
    counted.visit()


def test_an_image_that_could_not_read_the_data_is_refused_in_preview(counted, tmp_path):
    dock, born = counted.dock, counted.database.id
    (tmp_path / "Dockerfile").write_text("FROM sluice/postgres:latest\nENV PG_MAJOR=12\n")
    image, _ = dock.client.images.build(path=str(tmp_path), tag="shop-test:old", rm=True)
    dock.stage.configure(data={"postgres": {"memory": 256, "image": "shop-test:old"}})
    try:
        refused(dock, "sluice:data.postgres.image: shop-test:old is Postgres 12, and the data is of 18, which that")
    finally:
        dock.stage.configure(data={"postgres": {"memory": 256}})
        dock.client.images.remove(image.id, force=True)
    assert counted.database.id == born


def test_the_data_cannot_be_taken_out_of_the_config(counted):
    dock = counted.dock
    dock.stage.configure(data=None)
    try:
        refused(dock, "sluice:data.postgres is not there, and shop-postgres stands on")
    finally:
        dock.stage.configure(data={"postgres": {"memory": 256}})
    counted.visit()


def test_no_secret_is_seen_anywhere_but_in_its_file(counted):
    dock = counted.dock
    password = counted.database.exec_run(["cat", "/run/sluice/password"])[1].decode()
    assert len(password) == 64
    seen = {**printed(counted), **written(dock), **listed(dock), **environments()}
    for needle in (CANARY, password):
        assert [where for where, text in seen.items() if needle in text] == []
    assert "PGPASSFILE=/run/sluice/pgpass-v2" in seen["inspect shop-v2"]  # it was looked at where it would be


def test_a_password_that_was_lost_is_given_anew_as_the_docs_say(counted):
    dock = counted.dock
    counted.visit()
    empty = ["sh", "-c", "rm /p/*"]
    at = {"shop-password": {"bind": "/p"}}
    dock.client.containers.run("sluice/postgres", empty[1:], entrypoint=empty[:1], user="0", volumes=at, remove=True)
    dock.add("v5")
    dock.declare({"v5": 100}, **AT_ONCE)
    refused(dock, "the database's password is gone from the volume shop-password on", preview=False)
    assert counted.dock.ask()[0] == 200
    ok(dock.stage.run("env", f"DOCKER_HOST={dock.host}", "bash", "-euo", "pipefail", "-c", repair()))
    ok(dock.up())
    counted.visit()
    counted.database.restart()  # it reads its own file again
    eventually(lambda: counted.ask()[0] == 200, "it counts again")
    counted.visits += 1
    counted.visit()


def repair() -> str:
    """What docs/data.md says for a lost volume of passwords."""
    text = (ROOT / "docs" / "data.md").read_text()
    block = text.partition("If the volume `shop-password` is lost")[2].partition("\n\n")[2].partition("\n\n")[0]
    assert block.startswith("    P=$(")
    return textwrap.dedent(block)


def printed(counted: Counted) -> dict[str, str]:
    """All that was printed so far, a preview with every detail, and the state as nothing of it is hidden."""
    dock = counted.dock
    dock.add("v4", secrets={"CANARY": str(dock.folder.parent / "canary")})
    dock.declare({"v4": 100}, **AT_ONCE)
    preview = ok(dock.stage.run(*PREVIEW, "--diff"))
    assert "PGPASSFILE" in preview
    exported = ok(dock.stage.run("pulumi", "stack", "export", "--show-secrets"))
    return {"preview": preview, "state": exported, "printed": "\n".join(counted.said)}


def written(dock: Dock) -> dict[str, str]:
    """Every file that the commands left: state, checkpoints, journal, the stack's own."""
    files = [
        *dock.stage.home.rglob("*"),
        *dock.stage.root.glob("Pulumi.*.yaml"),
        *(dock.stage.root / ".sluice").rglob("*"),
    ]
    found = {str(file): file.read_bytes().decode(errors="replace") for file in files if file.is_file()}
    assert any("journal" in name for name in found)
    return found


def listed(dock: Dock) -> dict[str, str]:
    """What the daemon tells of everything: containers with their logs, images with their history, volumes."""
    api, found = dock.client.api, {}
    for one in dock.client.containers.list(all=True):
        found[f"inspect {one.labels.get('sluice.service')}-{one.labels.get('sluice.version')}"] = json.dumps(one.attrs)
        found[f"logs of {one.name}"] = one.logs().decode(errors="replace")
        found[f"image of {one.name}"] = json.dumps(
            [api.inspect_image(one.attrs["Image"]), api.history(one.attrs["Image"])]
        )
    for one in dock.client.volumes.list():
        found[f"volume {one.name}"] = json.dumps(one.attrs)
    return found


def environments() -> dict[str, str]:
    """What every process of this machine was started with; those of the containers are among them."""
    found = {}
    for process in psutil.process_iter():
        try:
            found[f"process {process.pid}"] = f"{process.cmdline()} {process.environ()}"
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    assert any("POSTGRES_PASSWORD_FILE" in text for text in found.values())
    return found
