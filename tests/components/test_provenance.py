"""Provenance: only the very artifact that a trusted builder signed is taken. Signatures are openssl's own."""

import base64
import subprocess

import pytest

from components.provenance import fault, key, statement
from components.release import Release

DIGEST = f"sha256:{'1' * 64}"
V1 = Release(version="v1", image=f"docker.io/acme/shop@{DIGEST}")


class Builder:
    """Signs as docs/provenance.md shows."""

    def __init__(self, folder, kind="ed25519"):
        self._folder, self._pem = folder, folder / f"{kind}.pem"
        self._openssl("genpkey", "-algorithm", kind, "-out", str(self._pem))

    @property
    def public(self) -> str:
        return base64.b64encode(self._openssl("pkey", "-in", str(self._pem), "-pubout", "-outform", "DER")).decode()

    def sign(self, text: str) -> str:
        (file := self._folder / "statement").write_text(text)
        return base64.b64encode(
            self._openssl("pkeyutl", "-sign", "-inkey", str(self._pem), "-rawin", "-in", str(file))
        ).decode()

    def _openssl(self, *words: str) -> bytes:
        return subprocess.run(["openssl", *words], capture_output=True, check=True).stdout


@pytest.fixture(scope="module")
def ci(tmp_path_factory):
    return Builder(tmp_path_factory.mktemp("ci"))


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    return Builder(tmp_path_factory.mktemp("other"))


def signed(release: Release, by: Builder, over: Release | None = None, name: str = "ci") -> Release:
    return Release(**{**vars(release), "signature": f"{name}:{by.sign(statement(over or release))}"})


def test_what_is_signed_is_the_artifact_alone():
    assert statement(V1) == f"sluice release 1\nimage {DIGEST}\n"
    assert (
        statement(Release(version="v2", ami="ami-1", image=V1.image))
        == f"sluice release 1\nami ami-1\nimage {DIGEST}\n"
    )


def test_a_trusted_builders_signature_passes(ci):
    assert fault(signed(V1, ci), {"ci": ci.public}) is None


def test_it_passes_wherever_the_image_lies_and_whatever_the_version_is(ci):
    elsewhere = Release(version="v9", image=f"mirror.example.com/shop@{DIGEST}")
    assert fault(signed(elsewhere, ci, over=V1), {"ci": ci.public}) is None


def test_where_nobody_is_named_nothing_is_asked():
    assert fault(V1, {}) is None


def test_what_runs_already_was_built_by_nobody_here(ci):
    assert fault(Release(version="old", target_group="arn"), {"ci": ci.public}) is None


def test_an_unsigned_release_is_refused(ci):
    assert (fault(V1, {"ci": ci.public}) or "").startswith("signature is missing; sluice:trust asks for one by ci")


def test_another_builders_signature_is_refused(ci, other):
    assert "it is not ci's over" in (fault(signed(V1, other), {"ci": ci.public}) or "")
    assert "signature: eve is no builder" in (fault(signed(V1, other, name="eve"), {"ci": ci.public}) or "")


@pytest.mark.parametrize(
    "other_artifact",
    [
        Release(version="v1", image=f"docker.io/acme/shop@sha256:{'2' * 64}"),
        Release(version="v1", image=V1.image, ami="ami-1"),
    ],
)
def test_a_signature_over_another_artifact_is_refused(ci, other_artifact):
    assert "it is not ci's over" in (fault(signed(V1, ci, over=other_artifact), {"ci": ci.public}) or "")


def test_what_is_no_key_that_signs_is_refused(tmp_path, ci):
    assert key(ci.public)
    with pytest.raises(ValueError, match="neither an Ed25519 key nor"):
        key(Builder(tmp_path, "x25519").public)
    with pytest.raises(ValueError, match="no public key"):
        key("MCowBQYDK2VwAyEA")
