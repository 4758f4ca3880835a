"""The ledger: a version means one thing for ever."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from components.ledger import Ledger
from components.release import Release

V1 = Release(version="v1", ami="ami-1", env={"LOG": "debug"})


@pytest.fixture
def publish(cloud):
    """Publish a release in a region, with what is wrong with its artifact; the spec that is recorded."""

    def run(
        release: Release = V1,
        region: str = "us-east-1",
        fault: Callable[[Any], str | None] = lambda _: None,
        trust: Mapping[str, str] | None = None,
    ):
        cloud.deploy(lambda: Ledger({"region": region}, trust or {}, fault).publish(release))
        return cloud.one("Stash").inputs

    return run


def test_what_is_recorded_is_the_spec_and_the_region(publish):
    assert publish()["input"] == V1.spec() | {"region": "us-east-1"}


def test_an_artifact_that_can_be_had_is_published(cloud, publish):
    asked = []
    new = publish(fault=asked.append)
    cloud.meet("artifact-exists", name="v1", new_inputs=new)
    assert asked == [new["input"]]


def test_an_artifact_that_cannot_be_had_is_refused_with_its_path(cloud, publish):
    new = publish(fault=lambda spec: f"ami: {spec['ami']} does not exist")
    with pytest.raises(ValueError, match=r"^sluice:releases\.v1\.ami: ami-1 does not exist$"):
        cloud.meet("artifact-exists", name="v1", new_inputs=new)


def test_what_no_trusted_builder_signed_is_refused_before_its_artifact_is_looked_at(cloud, publish):
    asked = []
    new = publish(fault=asked.append, trust={"ci": "any"})
    with pytest.raises(
        ValueError, match=r"^sluice:releases\.v1\.signature is missing; sluice:trust asks for one by ci"
    ):
        cloud.meet("artifact-exists", name="v1", new_inputs=new)
    assert asked == []


@pytest.mark.parametrize(
    ("change", "keys", "advice"),
    [
        ({"ami": "ami-2"}, "ami", 'put ami: "ami-1" there again'),
        ({"env": {}}, "env", 'put env: {"LOG": "debug"} there again'),
        ({"image": "repo/shop@sha256:0", "size": 3}, "image, size", "put no image, size: 2 there again"),
    ],
)
def test_a_version_whose_content_differs_is_refused_with_what_was_published(cloud, publish, change, keys, advice):
    new = publish(replace(V1, **change))
    old = {"input": V1.spec() | {"region": "us-east-1", "size": 2.0}}
    with pytest.raises(ValueError, match="never changes") as caught:
        cloud.meet("version-is-immutable", name="v1", old_inputs=old, new_inputs=new)
    assert str(caught.value) == (
        f"sluice:releases.v1: {keys} differs from what was published under this version, and a release never changes; "
        f"{advice}, or publish the new content under a new version"
    )


def test_a_version_published_in_another_region_is_refused(cloud, publish):
    new = publish(region="eu-west-1")
    old = {"input": V1.spec() | {"region": "us-east-1"}}
    with pytest.raises(
        ValueError, match=r"^aws:region: v1 was published in us-east-1, and this stack now says eu-west-1"
    ):
        cloud.meet("version-is-immutable", name="v1", old_inputs=old, new_inputs=new)
