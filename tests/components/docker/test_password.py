"""The database's password on a real daemon: made once, lent to each slice as a file that only its user reads."""

from collections.abc import Iterator

import pytest

from components.docker import names, volumes
from components.docker.host import Host
from components.docker.password import FILE, FOLDER, Password
from images import build, fetch
from rollout.errors import RefusedError

IMAGE = "sluice/postgres:latest"
SERVICE = "lends"


@pytest.fixture
def password(docker_client, docker_host: str) -> Iterator[Password]:
    """That of a service whose volume is new."""
    build.build_postgres(docker_client, fetch.cache(), lambda _: None)
    yield Password(SERVICE, Host(docker_host))
    docker_client.volumes.get(names.password(SERVICE)).remove()


def held(password: Password, file: str) -> tuple[int, int, str]:
    """Owner, mode and content of a file on the volume."""
    with volumes.lender(password.host, IMAGE, names.password(SERVICE), FOLDER) as lent:
        found = lent.read(file)
        assert found
        return found[0].uid, found[0].mode & 0o777, found[1]


def test_it_is_made_once_and_then_stays(password):
    password.make(IMAGE, 999)
    uid, mode, first = held(password, FILE)
    password.make(IMAGE, 999)
    assert (uid, mode, len(first)) == (999, 0o600, 64)
    assert held(password, FILE)[2] == first


def test_a_slice_is_lent_it_as_libpq_reads_it_for_its_own_user_alone(password):
    password.make(IMAGE, 999)
    password.lend(IMAGE, 10001, "v1")
    assert held(password, "pgpass-v1") == (10001, 0o600, f"*:*:*:app:{held(password, FILE)[2]}\n")
    password.lend(IMAGE, 10002, "v1")  # another image under the version, once the former had retired
    assert held(password, "pgpass-v1")[0] == 10002


def test_where_it_is_lost_nothing_is_lent(password):
    with pytest.raises(RefusedError, match=r"password is gone from the volume lends-password on .*data.md"):
        password.lend(IMAGE, 10001, "v1")
