"""An image by digest: pulled only when it is not here, read only here, deleted only when nobody says otherwise."""

import base64
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from uuid import uuid4

import grpc
import pytest
from docker.api.client import APIClient
from docker.errors import APIError

from tests.rehearsal.docker_provider.conftest import CONTAINER, IMAGE, TAG, Make
from tests.rehearsal.docker_provider.images import Registry
from tests.rehearsal.provider.engine import Engine, refusal


@pytest.fixture
def fresh(registry: Registry, client: APIClient) -> Iterator[Callable[..., str]]:
    """An image that only the registry has."""
    pushed = []

    def fresh(**config: Any) -> str:
        pushed.append(registry.push(f"fresh{len(pushed)}", Cmd=["sleep", "9"], Labels={"n": uuid4().hex}, **config))
        return pushed[-1]

    yield fresh
    for one in pushed:
        with suppress(APIError):
            client.remove_image(one, force=True)


def test_it_is_pulled_by_digest_and_known_by_both_digests(make: Make, fresh: Any, client: APIClient) -> None:
    reference = fresh()
    made = make(IMAGE, name=reference)
    image = client.inspect_image(reference)["Id"]
    assert (made.id, made.state["imageId"], made.state["repoDigest"]) == (f"{image}{reference}", image, reference)
    assert dict(made.diff().detailedDiff) == {}
    again = made.refresh()
    assert (again.id, dict(again.diff().detailedDiff)) == (made.id, {})


def test_beside_a_digest_the_tag_is_decoration(make: Make, fresh: Any, client: APIClient) -> None:
    repository, _, digest = fresh().partition("@")
    made = make(IMAGE, name=f"{repository}:no-such-tag@{digest}")
    assert made.state["repoDigest"] == f"{repository}@{digest}"


def test_a_tag_is_resolved_to_its_digest(make: Make, fresh: Any, registry: Registry) -> None:
    reference = fresh()
    assert make(IMAGE, name=registry.tag(reference, "v7")).state["repoDigest"] == reference


def test_what_is_here_is_not_asked_for(make: Make, shell: str, registry: Registry) -> None:
    registry.asked.clear()
    make(IMAGE, name=shell, keepLocally=True).refresh()
    assert registry.asked == []


def test_one_that_was_removed_by_hand_is_gone(make: Make, fresh: Any, client: APIClient) -> None:
    made = make(IMAGE, name=fresh())
    client.remove_image(made.state["name"])
    assert made.refresh().id == ""


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("{registry}/shell@sha256:" + 64 * "0", "manifest unknown"),
        ("127.0.0.1:9/shell@sha256:" + 64 * "0", "connection refused"),
        ("{registry}/Shell:v1", "repository name must be lowercase"),
        ("{registry}/shell@sha256:1", "invalid reference format"),
    ],
)
def test_what_cannot_be_pulled_says_why(make: Make, registry: Registry, name: str, reason: str) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        make(IMAGE, name=name.format(registry=registry.address))
    assert "Unable to read Docker image into resource: " in refusal(caught)
    assert reason in refusal(caught)


def test_of_what_is_here_the_platform_is_never_checked(make: Make, shell: str) -> None:
    made = make(IMAGE, name=shell, keepLocally=True, platform="linux/arm64")
    assert dict(made.refresh().diff().detailedDiff) == {}


@pytest.mark.parametrize(
    ("changes", "replaces"),
    [
        ({"name": "other"}, ["name"]),
        ({"platform": "linux/amd64"}, ["platform"]),
        ({"triggers": {"a": "b"}}, ["triggers"]),
        ({"pullTriggers": ["x"]}, ["pullTriggers"]),
        ({"keepLocally": False}, []),
        ({"forceRemove": True}, []),
    ],
)
def test_only_what_the_real_provider_replaces_is_replaced(make: Make, shell: str, changes: Any, replaces: Any) -> None:
    diff = make(IMAGE, name=shell, keepLocally=True).diff(**changes)
    assert (set(diff.diffs), list(diff.replaces)) == (set(changes), replaces)


def test_an_image_in_use_is_not_deleted(make: Make, fresh: Any) -> None:
    image = make(IMAGE, name=fresh())
    make(CONTAINER, image=image.state["name"])
    with pytest.raises(grpc.RpcError) as caught:
        image.delete()
    assert "Unable to remove Docker image: Error response from daemon: conflict: unable to" in refusal(caught)


def test_what_is_to_be_kept_is_kept(make: Make, fresh: Any, client: APIClient) -> None:
    image = make(IMAGE, name=fresh(), keepLocally=True)
    image.delete()
    assert client.inspect_image(image.state["name"])["Id"] == image.state["imageId"]


def test_of_two_resources_of_one_image_the_second_finds_nothing_to_delete(make: Make, fresh: Any) -> None:
    one = make(IMAGE, name=fresh())
    other = make(IMAGE, name=one.state["name"])
    one.delete()
    other.delete()


def test_a_container_pulls_what_it_needs(make: Make, fresh: Any) -> None:
    reference = fresh()
    assert make(CONTAINER, image=reference).state["image"] == reference


def test_a_registry_is_asked_with_the_providers_credentials(
    engine: Engine, docker_host: str, fresh: Any, make: Make, registry: Registry
) -> None:
    reference = fresh()
    registry.wants = f"Basic {base64.b64encode(b'u:p').decode()}"
    with pytest.raises(grpc.RpcError) as caught:
        make(IMAGE, name=reference)
    assert "no basic auth credentials" in refusal(caught)
    engine.configure(host=docker_host, registryAuth=[{"address": registry.address, "username": "u", "password": "p"}])
    assert make(IMAGE, name=reference).state["repoDigest"] == reference
    engine.configure(host=docker_host)
    registry.wants = ""


def test_a_tag_is_made_and_then_left_alone(make: Make, shell: str, client: APIClient) -> None:
    made = make(TAG, sourceImage=shell, targetImage="sluice-test/tagged:v1")
    assert (made.id, made.state["sourceImageId"]) == (
        f"{shell}.sluice-test/tagged:v1",
        client.inspect_image(shell)["Id"],
    )
    assert client.inspect_image("sluice-test/tagged:v1")["Id"] == made.state["sourceImageId"]
    client.remove_image("sluice-test/tagged:v1")
    again = made.refresh()  # it never drifts
    assert (again.id, again.state, dict(again.diff().detailedDiff)) == (made.id, made.state, {})
    assert list(made.diff(targetImage="other").replaces) == ["targetImage"]
    assert list(made.diff(tagTriggers=["x"]).replaces) == ["tagTriggers"]


def test_that_a_tags_source_is_gone_is_not_seen(make: Make, shell: str, client: APIClient) -> None:
    client.tag(shell, "sluice-test/source", "v1")
    made = make(TAG, sourceImage="sluice-test/source:v1", targetImage="sluice-test/target:v1")
    for name in ("source", "target"):
        client.remove_image(f"sluice-test/{name}:v1")
    again = made.refresh()
    assert (again.id, again.state) == (made.id, made.state)


def test_a_tags_target_stays_when_it_is_deleted(make: Make, shell: str, client: APIClient) -> None:
    make(TAG, sourceImage=shell, targetImage="sluice-test/kept").delete()
    client.remove_image("sluice-test/kept:latest")  # it is there


def test_a_tag_of_what_is_not_here_is_refused(make: Make) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        make(TAG, sourceImage="no-such", targetImage="x")
    assert "failed to create docker tag: Error response from daemon: No such image: no-such" in refusal(caught)
