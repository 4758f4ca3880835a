"""A service that speaks TLS: weights move under it, its certificate is renewed under it, no wrong one gets there."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.cloud.loopback import LOOPBACK
from rehearsal.load import dropped
from tests.authority import Authority
from tests.e2e.conftest import ok
from tests.e2e.dock import ROUTER, Dock, docked
from tests.e2e.refusals import AT_ONCE, PREVIEW, refused
from tests.patience import PATIENCE


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who issued the certificate."""
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def built(
    docker_client, docker_host: str, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Dock]:
    """v1 live behind TLS, v2 warm."""
    with docked(tmp_path_factory.mktemp("dock"), docker_client, docker_host) as dock:
        dock.url, dock.trust = dock.url.replace("http:", "https:"), authority.trust
        dock.place(**authority.issue("shop"))
        dock.add("v1")
        dock.add("v2")
        dock.declare({"v1": 100}, **AT_ONCE)
        ok(dock.up())
        yield dock


@pytest.fixture
def dock(built: Dock) -> Iterator[Dock]:
    """v1 has all the traffic, at the end too, whatever was refused."""
    built.settle("v1")
    file = built.stage.root / "Pulumi.dock.yaml"
    before = file.read_bytes()
    yield built
    file.write_bytes(before)
    built.settle("v1")
    assert built.ask() == (200, "v1")


def shown(dock: Dock) -> str:
    """The certificate that a new client is shown, in PEM."""
    return ssl.get_server_certificate((LOOPBACK, dock.port))


def test_clients_that_verify_are_served_and_others_are_not(dock):
    assert dock.ask(X_Slice="v2") == (200, "v2")
    assert ok(dock.stage.run("pulumi", "stack", "output", "url")).strip() == dock.url
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(dock.url, timeout=PATIENCE, context=ssl.create_default_context())
    ok(dock.up("--expect-no-changes"))


def test_weights_move_in_steps_and_nothing_is_dropped(dock):
    load = dock.load()
    load.start()
    dock.declare({"v2": 100})
    assert "moved: v1 75 · v2 25" in ok(dock.up())
    assert dock.ask() == (200, "v2")
    answers = load.stop()
    assert dropped(answers) == []
    assert {answer.version for answer in answers} == {"v1", "v2"}


def test_a_renewed_certificate_is_taken_by_the_next_up_and_no_connection_is_lost(dock, authority):
    before, router = shown(dock), dock.client.containers.get(ROUTER)
    load = dock.load()
    load.start()
    renewed = Path(authority.issue("shop")["certificate"]).read_text()
    text = ok(dock.up())
    assert "moved: " not in text
    assert shown(dock).strip() == renewed.strip() != before.strip()
    assert dropped(load.stop()) == []
    after = dock.client.containers.get(ROUTER)
    assert (after.id, after.attrs["State"]["StartedAt"]) == (router.id, router.attrs["State"]["StartedAt"])
    ok(dock.up("--expect-no-changes"))


def test_the_key_is_nowhere_but_on_the_routers_volume(dock, authority):
    key = Path(authority.issue("shop")["key"]).read_text()
    canary = key.splitlines()[1]
    text = ok(dock.up("--diff"))
    router = dock.client.containers.get(ROUTER)
    said = [text, ok(dock.stage.run("pulumi", "stack", "export")), json.dumps(router.attrs), router.logs().decode()]
    said.append(dock.inside("wget", "-q", "-O", "-", "http://127.0.0.1:9901/config_dump"))
    assert [one for one in said if canary in one] == []
    assert canary in dock.inside("cat", "/etc/envoy/sds.json")


def test_a_pair_of_no_use_is_refused_before_anything_is_touched(dock, authority):
    pair, other = authority.issue("shop"), authority.issue("other")
    ok(dock.up())
    before = shown(dock)
    dock.place(certificate=pair["certificate"], key=other["key"])
    refused(dock, f"sluice:docker.key: {other['key']} is not the key of {pair['certificate']}")
    dock.place(certificate=pair["certificate"], key="./none.key")
    done = dock.stage.run(*PREVIEW)
    assert done.code != 0
    assert "sluice:docker.key: ./none.key cannot be read (No such file or directory)" in done.text
    assert shown(dock) == before


def test_a_certificate_under_another_path_is_a_renewed_one(dock, authority):
    pair = authority.issue("moved")
    router = dock.client.containers.get(ROUTER).id
    dock.place(**pair)
    ok(dock.up())
    assert shown(dock).strip() == Path(pair["certificate"]).read_text().strip()
    assert dock.client.containers.get(ROUTER).id == router
