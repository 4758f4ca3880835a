"""Names of images taken apart, and the digest that an image is known by."""

import pytest

from rehearsal.docker_provider.images import HUB, digest_reference, parts, registry

NAMES = [
    ("shop", "shop", "latest", HUB),
    ("team/shop:v1", "team/shop", "v1", HUB),
    ("localhost/shop:v1", "localhost/shop", "v1", "localhost"),
    ("127.0.0.1:5000/team/shop", "127.0.0.1:5000/team/shop", "latest", "127.0.0.1:5000"),
    ("127.0.0.1:5000/shop:v1", "127.0.0.1:5000/shop", "v1", "127.0.0.1:5000"),
    ("127.0.0.1:5000/shop@sha256:1", "127.0.0.1:5000/shop", "sha256:1", "127.0.0.1:5000"),
    ("127.0.0.1:5000/shop:v1@sha256:1", "127.0.0.1:5000/shop", "sha256:1", "127.0.0.1:5000"),
]


@pytest.mark.parametrize(("name", "repository", "tag", "host"), NAMES, ids=[one[0] for one in NAMES])
def test_a_name_has_a_repository_a_tag_or_digest_and_a_registry(
    name: str, repository: str, tag: str, host: str
) -> None:
    assert (parts(name), registry(name)) == ((repository, tag), host)


def test_an_image_that_was_never_pulled_has_no_digest() -> None:
    assert digest_reference("shop:v1", {"RepoDigests": None}) == ""


def test_the_only_digest_is_taken_whatever_it_is_named() -> None:
    assert digest_reference("shop:v1", {"RepoDigests": ["other@sha256:1"]}) == "other@sha256:1"


def test_of_several_the_one_of_its_name_is_taken() -> None:
    digests = ["127.0.0.1:5000/shop@sha256:1", "shop@sha256:2"]
    assert digest_reference("shop:v1", {"RepoDigests": digests}) == "shop@sha256:2"


def test_a_registrys_port_hides_the_repository() -> None:
    digests = ["127.0.0.1:5000/other@sha256:1", "127.0.0.1:5000/shop@sha256:1"]
    assert digest_reference("127.0.0.1:5000/shop:v1", {"RepoDigests": digests}) == "127.0.0.1:5000/other@sha256:1"
