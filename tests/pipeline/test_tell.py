"""Who is told of a release, over a real connection to stand-ins that refuse what GitHub refuses."""

import http.server
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import replace

import httpx2
import pytest

from pipeline.records import Release
from pipeline.tell import Tell, may_be_called
from tests.pipeline.conftest import digest
from tests.pipeline.test_senders import COMMIT

RELEASE = Release(
    service="shop",
    digest=digest("a"),
    version="main-1",
    tag="main-1",
    commit=COMMIT,
    pushed=1.0,
    at=1.0,
    state="released",
)
TOKEN = "ghp_0123456789"


class Github(http.server.ThreadingHTTPServer):
    """`statuses`: what was taken, with its path; `fail`: answers 502. The rules are those of GitHub's REST API."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses: list[tuple[str, dict[str, str]]] = []
        self.fail = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def judge(self, path: str, headers, body: dict[str, str]) -> int:
        if self.fail:
            return 502
        if path.startswith("/hook/"):
            return 200
        if headers["Authorization"] != f"Bearer {TOKEN}":
            return 401
        if not re.fullmatch(r"/repos/acme/shop/statuses/[0-9a-f]{40}", path):
            return 404
        known = {"state", "description", "context", "target_url"}
        wrong = body.get("state") not in ("error", "failure", "pending", "success") or len(body["description"]) > 140
        return 422 if wrong or not set(body) <= known else 201


class Handler(http.server.BaseHTTPRequestHandler):
    """One request."""

    def do_POST(self) -> None:
        github = self.server
        assert isinstance(github, Github)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = github.judge(self.path, self.headers, body)
        if status < 300:
            github.statuses.append((self.path, body))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name there
        """Nothing."""


@pytest.fixture
def github() -> Iterator[Github]:
    with Github() as github:
        thread = threading.Thread(target=github.serve_forever)
        thread.start()
        yield github
        github.shutdown()
        thread.join()


@pytest.fixture
def tell(shop, github) -> Iterator[Tell]:
    with httpx2.Client(timeout=5) as client:
        yield Tell(service=shop, client=client, callbacks=lambda _: [], api=github.url, token=TOKEN)


@pytest.mark.parametrize(
    ("state", "said", "words"),
    [
        ("waiting", "pending", "main-1 waits to be released to prod"),
        ("running", "pending", "main-1 is being released to prod"),
        ("released", "success", "main-1 has all the traffic of prod"),
        ("failed", "failure", "main-1 was not released to prod: v2: 3 of 40 failed"),
        ("superseded", "error", "main-1 was not released to prod: main-2 was pushed after it"),
    ],
)
def test_github_sees_each_state_at_the_commit(github, tell, state, said, words):
    why = {"failed": "a line\nerror: v2: 3 of 40 failed\nanother", "superseded": "main-2 was pushed after it"}
    assert tell(replace(RELEASE, state=state, why=why.get(state, "")))
    ((path, body),) = github.statuses
    assert path == f"/repos/acme/shop/statuses/{COMMIT}"
    assert body == {"state": said, "description": words, "context": "sluice/prod"}


def test_a_long_reason_is_cut_to_what_github_takes(github, tell):
    assert tell(replace(RELEASE, state="failed", why="error: " + "x" * 500))
    assert len(github.statuses[0][1]["description"]) == 140


def test_a_github_that_is_in_trouble_is_asked_again_later(github, tell):
    github.fail = True
    assert not tell(RELEASE)
    github.fail = False
    assert tell(RELEASE)
    assert len(github.statuses) == 1


def test_a_token_that_github_does_not_take_is_not_tried_for_ever(github, tell):
    assert replace(tell, token="wrong")(RELEASE)
    assert github.statuses == []


@pytest.mark.parametrize("change", [{"commit": ""}, {"state": "known"}])
def test_what_has_no_commit_and_what_was_never_released_is_told_to_nobody(github, tell, change):
    assert tell(replace(RELEASE, **change))
    assert github.statuses == []


def test_a_registrys_callback_is_called_at_the_end(github, tell, shop):
    urls = [f"{github.url}/hook/1"]
    image = f"127.0.0.1:{github.server_port}/acme/shop"
    elsewhere = shop.model_copy(update={"image": image})
    told = replace(tell, token=None, service=elsewhere, callbacks=lambda _: [urls.pop()] if urls else [])
    assert told(replace(RELEASE, state="running"))
    assert told(RELEASE)
    assert github.statuses == [("/hook/1", {"state": "success", "context": "sluice/prod"})]


@pytest.mark.parametrize(
    ("url", "image", "allowed"),
    [
        ("https://registry.hub.docker.com/u/acme/shop/hook/1/", "docker.io/acme/shop", True),
        ("http://registry.hub.docker.com/u/acme/shop/hook/1/", "docker.io/acme/shop", False),
        ("https://registry.hub.docker.com:8443/u/", "docker.io/acme/shop", False),
        ("https://registry.hub.docker.com@evil.example/u/", "docker.io/acme/shop", False),
        ("https://registry.hub.docker.com.evil.example/u/", "docker.io/acme/shop", False),
        ("https://169.254.169.254/latest/meta-data/", "docker.io/acme/shop", False),
        ("file:///etc/passwd", "docker.io/acme/shop", False),
        ("https://[bad", "docker.io/acme/shop", False),
        ("https://registry.example.com/hook", "registry.example.com/shop", True),
        ("http://registry.example.com/hook", "registry.example.com/shop", False),
        ("http://127.0.0.1:5000/hook", "127.0.0.1:5000/shop", True),
        ("http://127.0.0.1:22/hook", "127.0.0.1:5000/shop", False),
    ],
)
def test_a_callback_is_called_only_on_the_registrys_own_host(url, image, allowed):
    assert may_be_called(url, image) is allowed
