"""Who is told of a release, over a real connection to stand-ins that refuse what GitHub refuses."""

from collections.abc import Iterator
from dataclasses import replace

import httpx2
import pytest

from pipeline.detached import gist
from pipeline.records import Release
from pipeline.tell import Tell, may_be_called
from tests.patience import PATIENCE
from tests.pipeline.conftest import digest
from tests.pipeline.github import TOKEN
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


@pytest.fixture
def tell(shop, github) -> Iterator[Tell]:
    with httpx2.Client(timeout=PATIENCE) as client:
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


@pytest.mark.parametrize(
    ("state", "said"),
    [("released", "success"), ("failed", "failure"), ("superseded", "error"), ("older", "error")],
)
def test_a_registrys_callback_is_called_at_every_end(github, tell, shop, state, said):
    urls = [f"{github.url}/hook/1"]
    image = f"127.0.0.1:{github.server_port}/acme/shop"
    elsewhere = shop.model_copy(update={"image": image})
    told = replace(tell, token=None, service=elsewhere, callbacks=lambda _: [urls.pop()] if urls else [])
    assert told(replace(RELEASE, state="running"))
    assert told(replace(RELEASE, state=state, why="why"))
    assert github.statuses == [("/hook/1", {"state": said, "context": "sluice/prod"})]


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


@pytest.mark.parametrize(
    ("said", "gist_of_it"),
    [
        ("error: update failed\nerror: release v2 failed: 3 of 40\nlive is v1 100", "release v2 failed: 3 of 40"),
        ("moved\nstopped: live is v1 100\n", "stopped: live is v1 100"),
        (
            'error: release v2 failed: before hook "artifact-exists" failed: sluice:releases.v2.signature: it is not',
            "sluice:releases.v2.signature: it is not",
        ),
        ("", "no reason was given"),
    ],
)
def test_of_what_a_verb_said_its_own_last_word_counts(said, gist_of_it):
    assert gist(said) == gist_of_it
