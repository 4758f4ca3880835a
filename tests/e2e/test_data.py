"""The data layer on machines: a real Postgres behind RDS, in which no visit is lost, and which nothing can delete."""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from rehearsal.stage import Stage
from tests.e2e.conftest import client, declare, ok, sample, staged, versions
from tests.patience import PATIENCE, eventually


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """v1 live, with a database in which nothing was counted yet."""
    with staged(tmp_path_factory.mktemp("data")) as stage:
        stage.configure(data={"postgres": {"backup": 14}})
        declare(stage, {"v1": sample(stage, "v1")}, {"v1": 100})
        ok(stage.up())
        yield stage


def url(stage: Stage) -> str:
    """Where clients reach it."""
    return ok(stage.run("pulumi", "stack", "output", "url")).strip()


def visited(of: str) -> tuple[int, dict[str, Any]]:
    """One visit, as it was answered."""
    try:
        with urllib.request.urlopen(f"{of}/visits", timeout=PATIENCE) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read() or b"{}")


def database(stage: Stage) -> dict[str, Any]:
    """The one there is, as RDS describes it."""
    (one,) = client(stage, "rds").describe_db_instances()["DBInstances"]
    return one


def test_no_visit_is_lost_over_release_rollback_and_the_end_of_every_slice(stage):
    at, born, counted = url(stage), database(stage)["DbiResourceId"], []

    def visit(version: str) -> None:
        status, answer = visited(at)
        assert (status, answer.get("version")) == (200, version), answer
        counted.append(answer["visits"])

    visit("v1")
    v1, v2 = sample(stage, "v1"), sample(stage, "v2")
    declare(stage, {"v1": v1, "v2": v2}, {"v2": 100})
    ok(stage.up())
    visit("v2")
    declare(stage, {"v1": v1, "v2": v2}, {"v1": 100})
    ok(stage.up())
    visit("v1")
    ok(stage.run(sys.executable, "-m", "ops", "down", "--yes"))
    assert versions(stage) == set()
    declare(stage, {"v2": v2}, {"v2": 100})
    ok(stage.up())
    visit("v2")
    assert counted == [1, 2, 3, 4]
    assert database(stage)["DbiResourceId"] == born  # no release was in its diff
    ok(stage.up("--expect-no-changes"))


def test_a_database_that_is_away_takes_no_slice_down(stage):
    at, before, rds = url(stage), versions(stage), client(stage, "rds")
    name = database(stage)["DBInstanceIdentifier"]
    rds.stop_db_instance(DBInstanceIdentifier=name)
    eventually(lambda: visited(at)[0] == 503, "it is away")
    assert visited(at)[1]["error"].startswith("the database is away")
    with urllib.request.urlopen(at, timeout=PATIENCE) as answer:
        assert answer.status == 200
    rds.start_db_instance(DBInstanceIdentifier=name)
    eventually(lambda: visited(at)[0] == 200, "it counts again")
    assert versions(stage) == before


def test_what_a_machine_is_told_holds_the_name_of_the_secret_and_not_what_is_in_it(stage):
    arn = database(stage)["MasterUserSecret"]["SecretArn"]
    held = json.loads(client(stage, "secretsmanager").get_secret_value(SecretId=arn)["SecretString"])["password"]
    exported = ok(stage.run("pulumi", "stack", "export", "--show-secrets"))
    preview = ok(stage.run("pulumi", "preview", "--diff", "--non-interactive"))
    assert arn in exported
    files = {str(one): one.read_bytes().decode(errors="replace") for one in (stage.home / "backend").rglob("*.json*")}
    seen = {"state": exported, "preview": preview, **files}
    assert [where for where, text in seen.items() if held in text] == []


def test_nothing_deletes_it(stage):
    one = database(stage)
    assert (one["DeletionProtection"], one["StorageEncrypted"], one["PubliclyAccessible"]) == (True, True, False)
    assert one["BackupRetentionPeriod"] == 14
    stage.configure(data=None)
    refused = stage.up()
    stage.configure(data={"postgres": {"backup": 14}})
    assert refused.code != 0
    assert "protect" in refused.text
    assert database(stage)["DbiResourceId"] == one["DbiResourceId"]
