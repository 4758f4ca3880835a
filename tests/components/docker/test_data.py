"""The database on a Docker host: in no release's diff, its data and its password on volumes that outlive all."""

import pytest
from pulumi import ResourceHook, ResourceOptions

from components.config_data import Postgres
from components.config_docker import Container
from components.docker.data import Data, DataArgs
from components.docker.host import Host
from components.docker.slice import Slice, SliceArgs
from components.release import Release
from tests.configs import IMAGE
from tests.recording import RecordingCloud, Registered

ENV = {"PGDATABASE": "app", "PGHOST": "10.205.1.0", "PGPASSFILE": "/run/sluice/pgpass-v1", "PGPORT": "5432"}


@pytest.fixture
def made(cloud: RecordingCloud):
    """Registers a database, and beside it a slice of a release with *env*."""

    def deploy(**env: str) -> RecordingCloud:
        def program() -> None:
            rejoin = ResourceHook("rejoin", lambda _: None)
            host = Host("unix:///nowhere")
            args = DataArgs(
                settings=Postgres(memory=300), host=host, network="shop-slices", subnet="10.205.0.0/16", rejoin=rejoin
            )
            data = Data("shop", args, ResourceOptions())
            own = SliceArgs(
                release=Release(version="v1", image=IMAGE, container=Container(), env=env),
                service="shop",
                at=("10.205.2.0",),
                network="shop-slices",
                drain=5,
                let_go=ResourceHook("let-go", lambda _: None),
                rejoin=rejoin,
                clear=ResourceHook("clear", lambda _: None),
                data=data,
            )
            Slice("shop-v1", own, ResourceOptions())

        cloud.deploy(program)
        return cloud

    return deploy


def database(cloud: RecordingCloud) -> Registered:
    return cloud.one("Container", "shop-postgres")


def environment(one: Registered) -> dict[str, str]:
    return dict(said.split("=", 1) for said in one.inputs["envs"])


def test_its_volumes_outlive_everything(made):
    volumes = made().all("Volume")
    assert sorted(one.inputs["name"] for one in volumes) == ["shop-password", "shop-postgres"]
    assert [(one.request.protect, one.request.retainOnDelete) for one in volumes] == [(True, True)] * 2


def test_it_is_replaced_by_its_own_settings_alone_and_stopped_gently(made):
    one = database(made())
    assert not one.request.protect  # what is protected cannot be replaced, and then no setting could change
    assert one.inputs["image"] == "sluice/postgres:latest"  # as it is written: a moved tag replaces nothing
    assert (one.inputs["stopSignal"], one.inputs["stopTimeout"], one.inputs["destroyGraceSeconds"]) == (
        "SIGINT",
        60,
        60,
    )
    assert (one.inputs["restart"], one.inputs["mustRun"]) == ("unless-stopped", True)
    assert list(one.request.hooks.before_create) == ["seed-data"]
    assert list(one.request.hooks.before_update) == ["rejoin"]
    assert one.request.deleteBeforeReplace


def test_it_may_do_nothing_but_keep_data_and_nobody_reaches_it_from_outside(made):
    one = database(made()).inputs
    assert (one["user"], one["readOnly"], one["capabilities"]) == ("999:999", True, {"drops": ["ALL"]})
    assert one["securityOpts"] == ["no-new-privileges:true"]
    assert (one["memory"], one["memorySwap"], one["shmSize"]) == (300, 300, 150)
    assert "ports" not in one
    (network,) = one["networksAdvanced"]
    assert (network["name"], network["ipv4Address"]) == ("shop-slices", "10.205.1.0")
    assert one["healthcheck"]["tests"][:2] == ["CMD", "pg_isready"]


def test_a_slice_is_told_where_it_is_and_gets_its_password_as_a_file_of_its_own(made):
    one = made().one("Container", "shop-v1-0")
    assert ENV.items() <= environment(one).items()
    assert one.inputs["mounts"] == [
        {"type": "volume", "source": "shop-password", "target": "/run/sluice", "readOnly": True}
    ]
    assert list(one.request.hooks.before_create) == ["clear", "lend"]


def test_a_release_that_names_a_database_of_its_own_keeps_it(made):
    one = made(PGHOST="db.example.com").one("Container", "shop-v1-0")
    assert environment(one)["PGHOST"] == "db.example.com"


def test_the_password_is_named_by_its_file_alone(made):
    told = environment(database(made()))
    assert {name: value for name, value in told.items() if "PASS" in name} == {
        "POSTGRES_PASSWORD_FILE": "/run/sluice/password"
    }
