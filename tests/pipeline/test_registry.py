"""What a real registry says: digests by content, tags, and that it cannot be asked."""

import hashlib
import json

import pytest
from dxf import DXF

from pipeline.errors import RegistryError
from pipeline.registry import Repository
from rehearsal.cloud.loopback import free
from rehearsal.registry import start, stop

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


def test_a_registry_that_is_down_is_said_in_a_line():
    with pytest.raises(RegistryError, match=r"^127.0.0.1:\d+/shop: 127.0.0.1:\d+ cannot be reached$"):
        Repository(f"127.0.0.1:{free()}/shop").image("one")
