"""The receiver is asked what nobody would ask: whatever it is, the answer is no fault of its own, and it goes on."""

import socket
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.pipeline.conftest import HUB
from tests.pipeline.page.conftest import PASSWORD, hidden
from tests.pipeline.page.frames import ramp
from tests.pipeline.page.standing import Standing, standing
from tests.pipeline.test_senders import BUILD, PUSH
from tests.pipeline.test_senders import HUB as OF_HUB
from tests.pipeline.test_signature import signed

BOUNDED = settings(
    max_examples=30,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large),
    deadline=None,
    database=None,
    derandomize=True,
)
TEXT = {"type": "string"}


def like(example: Any) -> dict[str, Any]:
    """A schema of what has the shape of *example*: what is generated gets past the first look."""
    match example:
        case dict():
            return {"type": "object", "properties": {key: like(value) for key, value in example.items()}}
        case bool():
            return {"type": "boolean"}
        case int():
            return {"type": ["integer", "number", "null"]}
        case _:
            return {"anyOf": [TEXT, {"const": example}, {"type": "null"}]}


def operation(verb: str, path: str, content: dict[str, Any] | None = None, **parameters: Any) -> dict[str, Any]:
    """One entry of the document's paths."""
    body = {"requestBody": {"content": content, "required": True}} if content else {}
    named = [
        {"name": name, "in": "path", "required": True, "schema": schema}
        for name, schema in parameters.items()
        if f"{{{name}}}" in path
    ]
    named += [{"name": "Accept", "in": "header", "schema": TEXT}]
    return {path: {verb: {"parameters": named, "responses": {"default": {"description": "any"}}, **body}}}


def json_of(*examples: Any) -> dict[str, Any]:
    return {"application/json": {"schema": {"anyOf": [*(like(one) for one in examples), {}]}}}


FORM = {"application/x-www-form-urlencoded": {"schema": like({"csrf": "x", "operator": "anna", "password": "y"})}}
SERVICE = {"anyOf": [{"const": "shop"}, TEXT]}
GENERIC = {"repository": "docker.io/acme/shop", "tag": "main-1", "commit": "0d1a26e"}
OPERATIONS = [
    operation("post", "/hooks/github", json_of(PUSH)),
    operation("post", f"/hooks/generic/{HUB.decode()}", json_of(GENERIC)),
    operation("post", f"/hooks/dockerhub/{HUB.decode()}", json_of(OF_HUB)),
    operation("post", f"/hooks/codeship/{HUB.decode()}", json_of(BUILD)),
    operation("post", "/hooks/{sender}/{token}", json_of({}), sender=TEXT, token=TEXT),
    operation("get", "/"),
    operation("get", "/metrics"),
    operation("get", "/static/{name}", name={"anyOf": [{"const": "page.js"}, TEXT]}),
    operation("get", "/sign-in"),
    operation("post", "/sign-in", FORM),
    operation("post", "/sign-out", FORM),
    operation("get", "/services/{service}/abort", service=SERVICE),
    operation("get", "/services/{service}/go/{version}", service=SERVICE, version=TEXT),
    operation("post", "/services/{service}/go/{version}", FORM, service=SERVICE, version=TEXT),
    operation("get", "/services/{service}/runs/{run}", service=SERVICE, run=TEXT),
]
SCHEMA = schemathesis.openapi.from_dict(
    {
        "openapi": "3.1.0",
        "info": {"title": "the receiver", "version": "1"},
        "paths": {
            path: {k: v for o in OPERATIONS for k, v in o.get(path, {}).items()} for o in OPERATIONS for path in o
        },
    }
)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory, hash_of_anna: str) -> Iterator[Standing]:
    """A receiver that hears every sender; a fault of its own would be a traceback in its log."""
    with standing(tmp_path_factory.mktemp("fuzz"), hash_of_anna) as there:
        there.scenery.show(ramp(40))
        yield there
        assert there.is_well()
        assert '"level": "error"' not in there.log(), there.log()


@pytest.fixture(scope="module")
def anna(there: Standing) -> Iterator[tuple[str, dict[str, str]]]:
    """The cookies of a session, and the word that its forms have by path: with them every answer is within reach."""
    with httpx2.Client(base_url=there.url, headers={"Origin": there.url}, follow_redirects=True) as client:
        signing = hidden(client.get("/sign-in").text)["csrf"]
        fields = {"csrf": signing, "operator": "anna", "password": PASSWORD}
        own = hidden(client.post("/sign-in", data=fields).text)["csrf"]
        cookies = f"sluice-session={client.cookies['sluice-session']}; sluice-sign-in={signing}"
        yield cookies, {"/sign-in": signing, "/services/{service}/go/{version}": own}


@SCHEMA.parametrize()
@BOUNDED
def test_whatever_is_asked_is_answered(case: schemathesis.Case, there: Standing, anna: tuple[str, dict[str, str]]):
    cookies, words = anna
    asked = requests.Request(**case.as_transport_kwargs(base_url=there.url)).prepare()
    body = asked.body or b""
    assert isinstance(body, bytes | str)
    body = body.encode() if isinstance(body, str) else body
    if case.method == "POST" and case.path in words:
        body += f"&csrf={words[case.path]}".encode()
        asked.prepare_body(body, None)
    asked.headers["Cookie"] = cookies
    asked.headers["Origin"] = there.url
    asked.headers["X-Hub-Signature-256"] = signed(body)
    asked.headers["X-GitHub-Event"] = "push"
    asked.headers["Connection"] = "close"
    with requests.Session() as session:
        answer = session.send(asked, timeout=60, allow_redirects=False)
    assert answer.status_code < 500, (answer.status_code, answer.text, asked.method, asked.url, body)


HEADS = (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"POST /hooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")


@given(st.sampled_from(HEADS), st.integers(0, 60), st.integers(0, 4), st.binary(max_size=60))
@BOUNDED
def test_whatever_comes_over_the_wire_ends_nothing(there: Standing, head: bytes, at: int, gone: int, odd: bytes):
    with socket.create_connection(("127.0.0.1", there.port), timeout=60) as client:
        client.sendall(head[:at] + odd + head[at + gone :])
        client.shutdown(socket.SHUT_WR)
        while client.recv(65_536):
            pass
    assert there.is_well()
