"""The registry on loopback: keeps what is pushed, forgets what is deleted, answers only whom it knows."""

import json
import os
import re
import shutil
import socket

import docker
import psutil
import pytest
from docker.errors import APIError

from rehearsal import registry, registry_program
from rehearsal.cloud.loopback import LOOPBACK, answers
from rehearsal.registry_client import RegistryError, User
from tests.containers import scratch_image

CLERK = User("clerk", "p:ss wörd")
REFERENCE = r"127\.0\.0\.1:\d+/shop@sha256:[0-9a-f]{64}"


@pytest.fixture
def home(tmp_path):
    """A registry's folder; what runs there ends with the test."""
    yield tmp_path / "registry"
    registry.stop(tmp_path / "registry")


@pytest.fixture
def image(docker_client):
    """A small image of the daemon's, another one in each test."""
    with scratch_image(docker_client) as made:
        yield made


def pulled(client: docker.DockerClient, reference: str, **credentials) -> str:
    """Pull by digest what the daemon does not have any more; its id."""
    found = client.images.pull(reference, auth_config=credentials or None)
    client.images.remove(reference)
    return found.id or ""


def test_what_is_pushed_is_pulled_by_its_digest(docker_client, home, image):
    shop = registry.start(home)
    reference = shop.push(docker_client, image.id, "shop:1")
    assert re.fullmatch(REFERENCE, reference)
    assert pulled(docker_client, reference) == image.id
    assert shop.digest("shop:1") == reference.partition("@")[2]
    assert shop.digest("shop:2") is None


def test_a_tag_pushed_again_names_another_digest_and_the_former_one_stays(docker_client, home, image):
    shop = registry.start(home)
    first = shop.push(docker_client, image.id, "shop:1")
    with scratch_image(docker_client) as other:
        second = shop.push(docker_client, other.tags[0], "shop:1")
    assert shop.digest("shop:1") == second.partition("@")[2] != first.partition("@")[2]
    assert pulled(docker_client, first) == image.id


def test_a_deleted_manifest_is_gone(docker_client, home, image):
    shop = registry.start(home)
    reference = shop.push(docker_client, image.id, "shop:1")
    shop.delete(reference)
    assert shop.digest("shop:1") is None
    with pytest.raises(APIError, match=r"manifest unknown|not found"):
        pulled(docker_client, reference)
    with pytest.raises(RegistryError, match="says 404"):
        shop.delete(reference)


def test_a_restart_keeps_the_port_and_what_was_pushed(docker_client, home, image):
    before = registry.start(home)
    reference = before.push(docker_client, image.id, "shop:1")
    assert registry.start(home) == before
    assert registry.stop(home) is True
    assert not answers(before.port)
    with pytest.raises(RegistryError, match="no registry answers"):
        before.digest("shop:1")
    assert registry.stop(home) is False
    after = registry.start(home)
    assert after == before
    assert after.digest("shop:1") == reference.partition("@")[2]


def test_with_a_user_it_answers_nobody_else(docker_client, home, image):
    shop = registry.start(home, CLERK)
    reference = shop.push(docker_client, image.id, "shop:1")
    stranger = registry.Registry(home, shop.port)
    with pytest.raises(RegistryError, match="says 401"):
        stranger.digest("shop:1")
    with pytest.raises(RegistryError, match="no basic auth credentials"):
        stranger.push(docker_client, image.id, "shop:2")
    with pytest.raises(APIError, match="no basic auth credentials"):
        pulled(docker_client, reference)
    assert pulled(docker_client, reference, username=CLERK.name, password=CLERK.password) == image.id
    assert CLERK.password not in (home / registry.USERS).read_text()


def test_it_listens_on_loopback_only(home):
    shop = registry.start(home)
    process = psutil.Process(json.loads((home / registry.RECORD).read_text())["pid"])
    assert [
        (one.laddr.ip, one.laddr.port) for one in process.net_connections() if one.status == psutil.CONN_LISTEN
    ] == [(LOOPBACK, shop.port)]


def test_a_port_that_another_program_took_meanwhile_is_said(home):
    shop = registry.start(home)
    registry.stop(home)
    with socket.create_server((LOOPBACK, shop.port)), pytest.raises(RegistryError, match="something else listens on"):
        registry.start(home)


def test_a_registry_that_cannot_start_says_why(monkeypatch, tmp_path, home):
    broken = tmp_path / registry_program.PROGRAM
    broken.write_text("#!/bin/sh\necho no space left on device >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(RegistryError, match="does not start: no space left on device"):
        registry.start(home)
    assert registry.stop(home) is False


def test_without_the_program_and_apt_get_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert shutil.which("apt-get") is None
    with pytest.raises(RegistryError, match=r"there is no docker-registry here.* apt-get install docker-registry"):
        registry_program.program()
