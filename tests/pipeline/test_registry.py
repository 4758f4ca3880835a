"""What a real registry says: digests by content, tags, and that it cannot be asked."""

import hashlib
import json

import pytest
from dxf import DXF

from components.provenance import fault
from components.release import Release
from pipeline.cosign import LARGEST
from pipeline.errors import RegistryError
from pipeline.registry import Repository
from rehearsal.cloud.loopback import free
from rehearsal.registry import start, stop
from tests.cosign import Signer, encoded, payload, push, put
from tests.pipeline.conftest import digest

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
COMMIT = "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c"


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """A registry whose repository `shop` has the tags `one`, and `several` for two CPUs."""
    folder = tmp_path_factory.mktemp("registry")
    host = start(folder).host
    content = {
        "created": "2026-11-25T10:00:00.123Z",
        "config": {"Labels": {"org.opencontainers.image.revision": COMMIT}},
    }
    (file := folder / "config").write_text(json.dumps(content))
    with DXF(host, "shop", insecure=True) as asked:
        config = {"mediaType": "x", "size": file.stat().st_size, "digest": asked.push_blob(str(file))}
        one = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []})
        asked.set_manifest("one", one)
        entry = {
            "mediaType": MANIFEST,
            "size": len(one),
            "digest": f"sha256:{hashlib.sha256(one.encode()).hexdigest()}",
        }
        both = [{**entry, "platform": {"architecture": cpu, "os": "linux"}} for cpu in ("amd64", "arm64")]
        asked.set_manifest("several", json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": both}))
    yield host
    stop(folder)


@pytest.mark.parametrize("tag", ["one", "several"])
def test_an_image_is_its_digest_with_what_its_build_wrote(host, tag):
    image = Repository(f"{host}/shop").image(tag)
    assert image is not None
    assert (image.commit, image.created) == (COMMIT, 1795600800.0)
    with DXF(host, "shop", insecure=True) as asked:
        assert image.digest == asked.head_manifest_and_response(tag)[0]


def test_a_tag_or_a_repository_that_is_not_there_is_none(host):
    assert Repository(f"{host}/shop").image("two") is None
    assert Repository(f"{host}/bakery").image("one") is None
    assert Repository(f"{host}/bakery").tags() == []


def test_its_tags_are_all_that_were_pushed(host):
    assert sorted(Repository(f"{host}/shop").tags()) == ["one", "several"]


def test_what_nobody_signed_has_no_signature(host):
    assert Repository(f"{host}/shop").signature(digest("1")) is None
    assert Repository(f"{host}/bakery").signature(digest("1")) is None


def test_a_signature_is_what_cosign_signed_and_how(host):
    signer, what = Signer(), payload(digest("2"))
    put(host, "shop", digest("2"), [layer := signer.layer(what)], what)
    signed = layer["annotations"]["dev.cosignproject.cosign/signature"]
    assert Repository(f"{host}/shop").signature(digest("2")) == f"cosign:{encoded(what)}:{signed}"


def test_everyone_who_signed_counts(host):
    signers = Signer(), Signer()
    for signer in signers:
        push(host, "shop", digest("3"), signer)
    said = Repository(f"{host}/shop").signature(digest("3")) or ""
    release = Release(version="v1", image=f"{host}/shop@{digest('3')}", signature=said)
    assert [len(one.split(":")) for one in said.split(" ")] == [3, 3]
    assert [fault(release, {"ci": signer.public}) for signer in signers] == [None, None]


def test_what_is_larger_than_a_claim_can_be_is_left_out_whatever_its_manifest_says(host):
    what = b"x" * (LARGEST + 1)
    put(host, "shop", digest("4"), [{**Signer().layer(what), "size": 1}], what)
    assert Repository(f"{host}/shop").signature(digest("4")) is None


def test_a_tag_of_signatures_that_has_none_is_as_if_it_were_not_there(host):
    what = payload(digest("5"))
    put(host, "shop", digest("5"), [{**Signer().layer(what), "annotations": {}}], what)
    assert Repository(f"{host}/shop").signature(digest("5")) is None


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("docker.io/acme/shop", ("registry-1.docker.io", "acme/shop")),
        ("index.docker.io/shop", ("registry-1.docker.io", "library/shop")),
        ("acme/shop", ("registry-1.docker.io", "acme/shop")),
        ("shop", ("registry-1.docker.io", "library/shop")),
        ("registry.example.com/shop", ("registry.example.com", "shop")),
        ("127.0.0.1:5000/acme/shop:main-1", ("127.0.0.1:5000", "acme/shop")),
    ],
)
def test_a_repository_without_a_registry_is_on_docker_hub(name, where):
    assert Repository(name).where == where


def test_a_registry_that_is_down_is_said_in_a_line():
    with pytest.raises(RegistryError, match=r"^127.0.0.1:\d+/shop: 127.0.0.1:\d+ cannot be reached$"):
        Repository(f"127.0.0.1:{free()}/shop").image("one")
