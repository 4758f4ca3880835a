"""sluice/postgres as Docker runs it: hardened as the program runs it, told what the official image is told."""

import re

import pytest

from components.docker.data import BOUNDS
from images.pins import BUSYBOX, GLIBC, ZLIB
from images.postgres.root import COMMANDS, PROGRAMS
from tests.containers import contents
from tests.patience import eventually

PASSWORD = "a-password-of-a-test"
GIVEN = {
    "POSTGRES_USER": "app",
    "POSTGRES_DB": "app",
    "POSTGRES_PASSWORD_FILE": "/secret/password",
    "PGDATA": "/data/postgres",
}


@pytest.fixture
def database(docker_client, postgres_image):
    """Starts a database on the test's volumes, as often as called; gives its container, once it answers."""
    data, secret = docker_client.volumes.create(), docker_client.volumes.create()
    prepare(docker_client, postgres_image, data, "/data", "chown 999:999 /data")
    prepare(docker_client, postgres_image, secret, "/secret", f"echo {PASSWORD} >/secret/password")
    made = []

    def start():
        made.append(
            docker_client.containers.run(
                postgres_image.id,
                detach=True,
                user="999:999",
                read_only=True,
                tmpfs=BOUNDS["tmpfs"],
                cap_drop=["ALL"],
                security_opt=["no-new-privileges:true"],
                mem_limit="256m",
                environment=GIVEN,
                volumes={data.name: {"bind": "/data"}, secret.name: {"bind": "/secret", "mode": "ro"}},
            )
        )
        eventually(lambda: asked(made[-1], "SELECT 1") == "1", "it answers", log=lambda: made[-1].logs().decode())
        return made[-1]

    yield start
    for container in made:
        container.remove(force=True, v=True)
    for volume in (data, secret):
        volume.remove()


def prepare(client, image, volume, at, script):
    """Run a script on a volume as root."""
    client.containers.run(
        image.id,
        ["-c", script],
        entrypoint=["/bin/busybox", "sh"],
        user="0",
        volumes={volume.name: {"bind": at}},
        remove=True,
    )


def asked(container, query):
    """What a query over TCP answers; None while it is refused."""
    command = ["psql", "-h", "127.0.0.1", "-U", "app", "-At", "-c", query, "app"]
    code, said = container.exec_run(command, environment={"PGPASSWORD": PASSWORD})
    return said.decode().strip() if code == 0 else None


def test_it_makes_its_data_once_and_keeps_it_over_a_fast_shutdown(database):
    first = database()
    assert asked(first, "CREATE TABLE kept AS SELECT 7 AS number") == "SELECT 1"
    first.stop(timeout=30)
    assert first.wait()["StatusCode"] == 0
    assert "database system is shut down" in first.logs().decode()
    assert asked(database(), "SELECT number FROM kept") == "7"


def test_without_the_password_nobody_is_let_in_over_the_network(database):
    command = ["psql", "-h", "127.0.0.1", "-U", "app", "-c", "SELECT 1", "app"]
    code, said = database().exec_run(command, environment={"PGPASSWORD": "another"})
    assert code != 0
    assert b"password authentication failed" in said


def test_it_becomes_healthy_and_can_be_dumped(docker_client, database):
    container = database()
    code, dump = container.exec_run(["pg_dump", "-U", "app", "app"])
    assert (code, b"PostgreSQL database dump complete" in dump) == (0, True)

    def health():
        return docker_client.api.inspect_container(container.id)["State"]["Health"]["Status"]

    eventually(lambda: health() == "healthy", "it is healthy")


def test_it_says_which_major_version_it_is(postgres_image):
    said = dict(one.split("=", 1) for one in postgres_image.attrs["Config"]["Env"])
    version = postgres_image.labels["org.opencontainers.image.version"]
    assert re.fullmatch(rf"{said['PG_MAJOR']}\.\d+", version)


def test_nothing_is_in_it_but_postgres_its_libraries_and_a_shell(docker_client, postgres_image, bill):
    with contents(docker_client, postgres_image) as archive:
        names = {one.name for one in archive}
        assert {name.removeprefix("bin/") for name in names if name.startswith("bin/")} - {""} == {"busybox", *COMMANDS}
        programs = {name.rpartition("/")[2] for name in names if name.startswith("usr/lib/postgresql/bin/")}
        assert programs - {""} == set(PROGRAMS)
        assert [one.name for one in archive if one.mode & 0o6000 and not one.name.startswith("dev")] == []
    assert set(bill(postgres_image)) == {"postgresql", GLIBC.name, ZLIB.name, BUSYBOX.name}
