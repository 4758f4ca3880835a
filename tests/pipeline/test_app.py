"""The receiver as its clients meet it, without a network: who is let in, and what is on disk when they are answered."""

import json
import logging

import pytest
from starlette.testclient import TestClient

from pipeline.app import Receiver
from pipeline.limits import BODY
from pipeline.page.routes import Site
from pipeline.settings import Settings
from tests.pipeline.conftest import GITHUB, HUB
from tests.pipeline.test_senders import HUB as OF_HUB
from tests.pipeline.test_senders import PUSH, PUSHED
from tests.pipeline.test_signature import signed


class Ear:
    """Who was called, and whether the workers live."""

    def __init__(self):
        self.heard = []
        self.well = True


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def client(shop, backlog, clock, ear, tmp_path):
    settings = Settings(
        host="127.0.0.1",
        port=9000,
        folder=tmp_path,
        services={"shop": shop},
        secrets={"github": GITHUB, "dockerhub": HUB},
    )
    site = Site(settings, backlog, tmp_path, clock)
    receiver = Receiver(settings, backlog, heard=ear.heard.append, alive=lambda: ear.well, clock=clock, site=site)
    with TestClient(receiver.app()) as client:
        yield client


def push(client, body: bytes, **headers: str):
    given = {**PUSHED, "X-Hub-Signature-256": signed(body), **{k.replace("_", "-"): v for k, v in headers.items()}}
    return client.post("/hooks/github", content=body, headers=given)


def test_a_signed_push_is_taken_in_before_it_is_answered(client, backlog, ear):
    answer = push(client, json.dumps(PUSH).encode())
    assert (answer.status_code, answer.json()) == (202, {"services": ["shop"], "news": 1})
    assert [hint.tag for hint in backlog.take("shop")] == ["main-0d1a26e"]
    assert ear.heard == ["shop"]


def test_a_push_that_is_delivered_again_is_known(client):
    bodies = [push(client, json.dumps(PUSH).encode()).json()["news"] for _ in range(3)]
    assert bodies == [1, 0, 0]


@pytest.mark.parametrize("header", ["sha1=0", "sha256=" + "0" * 64])
def test_an_unsigned_push_leaves_nothing(client, backlog, header):
    assert push(client, json.dumps(PUSH).encode(), X_Hub_Signature_256=header).status_code == 401
    assert backlog.take("shop") == []


def test_a_hook_with_the_token_in_its_path_is_taken_in(client, backlog):
    assert client.post(f"/hooks/dockerhub/{HUB.decode()}", json=OF_HUB).status_code == 202
    assert [hint.tag for hint in backlog.take("shop")] == ["main-0d1a26e"]


@pytest.mark.parametrize(
    "path",
    [
        "/hooks/dockerhub/wrong",
        f"/hooks/github/{GITHUB.decode()}",
        f"/hooks/codeship/{HUB.decode()}",
        f"/hooks/generic/{HUB.decode()}",
        "/hooks/nobody/x",
    ],
)
def test_without_its_own_token_there_is_nothing(client, backlog, path):
    answer = client.post(path, json=OF_HUB)
    assert (answer.status_code, answer.json()) == (404, {"error": "there is nothing here"})
    assert backlog.take("shop") == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"x"', b"\xff", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(client, body):
    assert push(client, body).status_code == 400


def test_a_body_that_is_too_large_is_refused(client):
    assert push(client, b"x" * 10 * BODY).status_code == 413


def test_a_body_that_is_too_large_and_does_not_say_so_is_refused(client):
    answer = client.post("/hooks/github", content=(b"x" * 65_536 for _ in range(100)), headers=PUSHED)
    assert answer.status_code == 413


def test_no_secret_is_in_what_is_logged(client, capfd, caplog):
    with caplog.at_level(logging.DEBUG):
        client.post(f"/hooks/dockerhub/{HUB.decode()}", json=OF_HUB)
        client.post(f"/hooks/dockerhub/x{HUB.decode()}", json=OF_HUB)
    ours = [record.getMessage() for record in caplog.records if record.name != "httpx2"]  # the test's own client
    said = "".join([*capfd.readouterr(), *ours])
    assert "refused" in said
    assert HUB.decode() not in said


def test_it_says_whether_its_workers_live(client, ear):
    assert client.get("/healthz").status_code == 200
    ear.well = False
    assert client.get("/healthz").status_code == 503


def test_it_counts_for_prometheus(client):
    push(client, json.dumps(PUSH).encode())
    push(client, b"{}", X_Hub_Signature_256="sha1=0")
    text = client.get("/metrics").text
    assert 'sluice_hooks_total{outcome="news",sender="github"} 1.0' in text
    assert 'sluice_hooks_total{outcome="refused 401",sender="github"} 1.0' in text
    assert 'sluice_open{service="shop"} 1.0' in text
