"""A release and the spec that the ledger keeps."""

import json

from components.release import Release

OLD = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/old/0123456789abcdef"


def test_the_spec_tells_what_is_set_and_the_defaults_it_was_published_with():
    assert Release(version="v1", ami="ami-1").spec() == {
        "ami": "ami-1",
        "size": 2,
        "instance": "t3.small",
        "root": "/dev/xvda",
        "port": 8080,
        "health": "/healthz",
        "boot": 300,
    }


def test_nothing_that_is_set_is_left_out_for_being_zero():
    assert Release(version="v1", ami="ami-1", boot=0).spec()["boot"] == 0


def test_the_version_is_no_part_of_the_spec_so_that_two_may_have_one_content():
    assert Release(version="v1", ami="ami-1").spec() == Release(version="v2", ami="ami-1").spec()


def test_the_spec_survives_being_recorded():
    release = Release(
        version="v1",
        ami="ami-1",
        image="repo/shop@sha256:0",
        env={"A": "b"},
        secrets={"C": "arn"},
        schema={"reads": [7, 8], "writes": 8},
    )
    assert json.loads(json.dumps(release.spec())) == release.spec()


def test_an_external_release_is_its_target_group():
    release = Release(version="old", target_group=OLD)
    assert release.spec() == {"external": {"target_group": OLD}}
    assert (release.external, release.artifact) == (True, OLD)


def test_the_artifact_is_the_image_where_there_is_one():
    assert Release(version="v1", ami="ami-1").artifact == "ami-1"
    assert Release(version="v1", ami="ami-1", image="repo/shop@sha256:0").artifact == "repo/shop@sha256:0"
