"""A release's command line is what a person would type; a stand-in for `ops` prints what it is given."""

import threading
from dataclasses import replace

import pytest

from pipeline.cosign import LONGEST, MOST
from pipeline.deploy import Deploy
from pipeline.records import Release
from tests.pipeline.conftest import digest

RELEASE = Release(service="shop", digest=digest("a"), version="main-1", tag="main-1", commit="", pushed=1.0, at=1.0)
IMAGE = f"--image docker.io/acme/shop@{digest('a')}"


@pytest.fixture
def deploy(shop, tmp_path):
    (tmp_path / "ops").mkdir()
    (tmp_path / "ops" / "__main__.py").write_text("import sys; print(*sys.argv[1:])")
    return Deploy(shop, tmp_path, tmp_path / "data", threading.Event())


def test_an_image_is_released_by_digest(deploy):
    end = deploy(RELEASE)
    assert (end.code, end.said.strip()) == (0, f"release main-1 {IMAGE} --stack prod")


def test_what_cosign_signed_goes_with_it(deploy):
    longest = " ".join([f"cosign:{'A' * 5464}:{'A' * LONGEST}"] * MOST)  # an argument may have 128 KiB
    end = deploy(replace(RELEASE, signature=longest))
    assert end.code == 0
    assert end.said.strip().endswith("A --stack prod")
    short = deploy(replace(RELEASE, digest=digest("b"), signature="cosign:eyJ9:QUJD"))
    assert "--signature cosign:eyJ9:QUJD --stack prod" in short.said
