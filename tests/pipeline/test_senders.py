"""What senders say, in the shapes that their documentation shows."""

import pytest

from pipeline.errors import RefusedError
from pipeline.senders import PARSERS

COMMIT = "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c"
PUSH = {
    "ref": "refs/heads/main",
    "deleted": False,
    "repository": {"full_name": "acme/shop"},
    "head_commit": {"id": COMMIT, "timestamp": "2026-11-25T10:00:00+01:00"},
}
PUSHED = {"X-GitHub-Event": "push", "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958"}
HUB = {
    "callback_url": "https://registry.hub.docker.com/u/acme/shop/hook/2141b5bi5i5b02bec211i4eeih0242eg11000a/",
    "push_data": {"pushed_at": 1417566161, "pusher": "ann", "tag": "main-0d1a26e"},
    "repository": {"repo_name": "acme/shop", "name": "shop", "namespace": "acme"},
}
BUILD = {
    "build": {
        "status": "success",
        "branch": "main",
        "commit_id": COMMIT,
        "short_commit_id": "0d1a2",
        "project_full_name": "acme/shop",
        "build_id": 973711,
    }
}


def hints(sender, body, shop, headers=None):
    given = {name.lower(): value for name, value in (headers or {}).items()}
    return PARSERS[sender](body, given, {"shop": shop})


def test_a_push_announces_the_tag_of_its_newest_commit(shop):
    (hint,) = hints("github", PUSH, shop, PUSHED)
    assert (hint.service, hint.tag, hint.commit) == ("shop", "main-0d1a26e", COMMIT)
    assert (hint.pushed, hint.delivery) == (1795597200.0, PUSHED["X-GitHub-Delivery"])


@pytest.mark.parametrize(
    "change",
    [
        {"ref": "refs/heads/topic"},
        {"ref": "refs/tags/main"},
        {"deleted": True, "head_commit": None},
        {"repository": {"full_name": "evil/shop"}},
    ],
)
def test_a_push_of_something_else_is_nothing(shop, change):
    assert hints("github", {**PUSH, **change}, shop, PUSHED) == []


def test_another_event_is_nothing(shop):
    assert hints("github", {"zen": "Design for failure."}, shop, {"X-GitHub-Event": "ping"}) == []


def test_docker_hub_tells_of_a_tag(shop):
    (hint,) = hints("dockerhub", HUB, shop)
    assert (hint.tag, hint.pushed, hint.callback) == ("main-0d1a26e", 1417566161.0, HUB["callback_url"])


@pytest.mark.parametrize("tag", ["topic-1", "main"])
def test_a_tag_that_is_not_allowed_is_nothing(shop, tag):
    assert hints("dockerhub", {**HUB, "push_data": {"tag": tag}}, shop) == []


def test_the_tag_of_a_signature_is_nothing_whatever_is_allowed(shop):
    everything = shop.model_copy(update={"tags": ["*"]})
    assert hints("dockerhub", {**HUB, "push_data": {"tag": f"sha256-{'1' * 64}.sig"}}, everything) == []
    assert len(hints("dockerhub", {**HUB, "push_data": {"tag": "main"}}, everything)) == 1


def test_another_repository_is_nothing(shop):
    assert hints("dockerhub", {**HUB, "repository": {"repo_name": "evil/shop"}}, shop) == []


def test_a_build_that_went_through_tells_of_its_commits_tag(shop):
    (hint,) = hints("codeship", BUILD, shop)
    assert (hint.tag, hint.commit) == ("main-0d1a26e", COMMIT)


@pytest.mark.parametrize(
    "change", [{"status": "error"}, {"status": "testing"}, {"branch": "x"}, {"project_full_name": "a/b"}]
)
def test_another_build_is_nothing(shop, change):
    assert hints("codeship", {"build": {**BUILD["build"], **change}}, shop) == []


def test_anyone_with_the_token_tells_of_a_tag(shop):
    (hint,) = hints("generic", {"repository": "docker.io/acme/shop", "tag": "latest", "commit": COMMIT}, shop)
    assert (hint.tag, hint.commit) == ("latest", COMMIT)


@pytest.mark.parametrize(
    ("sender", "body", "where"),
    [
        ("github", {}, "ref"),
        ("github", {**PUSH, "head_commit": {"id": "main; rm -rf"}}, "head_commit.id"),
        ("dockerhub", {"repository": {"repo_name": "acme/shop"}}, "push_data"),
        ("dockerhub", {**HUB, "push_data": {"tag": "../../x"}}, "push_data.tag"),
        ("dockerhub", {**HUB, "push_data": {"tag": "latest", "pushed_at": float("nan")}}, "push_data.pushed_at"),
        ("codeship", {"build": 1}, "build"),
        ("generic", {"repository": "acme/shop", "tag": "-x"}, "tag"),
    ],
)
def test_what_is_not_of_its_shape_is_refused_by_name(shop, sender, body, where):
    with pytest.raises(RefusedError, match=f"^{where}: ") as refused:
        hints(sender, body, shop, PUSHED)
    assert refused.value.status == 422
