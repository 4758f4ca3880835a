"""`signature IMAGE` with a real registry: it prints what `release --signature` takes, or says why it cannot."""

import pytest
from typer.testing import CliRunner

from components.provenance import fault
from components.release import Release
from ops import cli
from rehearsal.cloud.loopback import free
from rehearsal.registry import start, stop
from tests.cosign import Signer, push
from tests.pipeline.conftest import digest


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    folder = tmp_path_factory.mktemp("registry")
    yield start(folder).host
    stop(folder)


def run(image: str):
    return CliRunner().invoke(cli.app, ["signature", image])


@pytest.mark.parametrize("tag", ["", ":main-1"])
def test_what_it_prints_is_the_signature_of_a_release(host, tag):
    signer = Signer()
    push(host, "acme/shop", digest("1"), signer)
    done = run(f"{host}/acme/shop{tag}@{digest('1')}")
    release = Release(version="v1", image=f"{host}/acme/shop@{digest('1')}", signature=done.stdout.removesuffix("\n"))
    assert (done.exit_code, done.stderr, done.stdout.count("\n")) == (0, "", 1)
    assert fault(release, {"ci": signer.public}) is None


def test_an_image_that_nobody_signed_is_1_and_says_how_to_sign_it(host):
    done = run(f"{host}/acme/shop@{digest('f')}")
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert f"nothing is under its tag sha256-{'f' * 64}.sig; run `cosign sign --key cosign.key {host}" in done.stderr


def test_a_registry_that_is_down_is_1_in_a_line():
    done = run(f"127.0.0.1:{free()}/shop@{digest('1')}")
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "cannot be reached" in done.stderr


@pytest.mark.parametrize("image", ["", "shop", "acme/shop:1", "acme/shop@sha256:1", "https://x/shop@sha256:1"])
def test_what_is_no_image_by_digest_is_2(image):
    done = run(image)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "is no image by digest; write repo/shop@sha256:…" in done.stderr
