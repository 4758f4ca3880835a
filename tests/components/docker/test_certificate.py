"""A certificate and its key are looked at before anything is made of them."""

import json

import pulumi
import pytest

from components.config_docker import Docker
from components.docker import certificate
from rollout.envoy import service
from tests.authority import Authority


@pytest.fixture
def pair(tmp_path) -> Docker:
    """A certificate for this machine, and its key."""
    return Docker(**Authority(tmp_path).issue("shop"))


def refusal(of: Docker) -> str:
    with pytest.raises(pulumi.RunError) as caught:
        certificate.check(of)
    return str(caught.value)


def test_a_pair_that_belongs_together_is_taken(pair):
    certificate.check(pair)
    certificate.check(Docker())


def test_a_key_of_another_certificate_is_refused(pair, tmp_path):
    other = Authority(tmp_path).issue("other")["key"]
    said = refusal(Docker(certificate=pair.certificate, key=other))
    assert said.startswith(f"sluice:docker.key: {other} is not the key of {pair.certificate} (key values mismatch);")


def test_a_key_that_is_locked_is_refused(pair, tmp_path):
    locked = Authority(tmp_path).issue("locked", passphrase=b"secret")
    assert "is locked by a passphrase" in refusal(Docker(**locked))


@pytest.mark.parametrize("key", ["certificate", "key"])
def test_a_file_that_is_not_there_is_named(pair, key):
    said = refusal(pair.model_copy(update={key: "./none.pem"}))
    assert said.startswith(f"sluice:docker.{key}: ./none.pem cannot be read (No such file or directory);")


def test_files_that_hold_something_else_are_named(pair, tmp_path):
    (tmp_path / "text").write_text("hello")
    (tmp_path / "bytes").write_bytes(b"\xff\x00")
    said = refusal(pair.model_copy(update={"certificate": str(tmp_path / "text")}))
    assert said.startswith(f"sluice:docker.certificate: {tmp_path}/text holds no certificate;")
    assert "sluice:docker.key: " in refusal(pair.model_copy(update={"key": str(tmp_path / "text")}))
    assert "(it is no text)" in refusal(pair.model_copy(update={"key": str(tmp_path / "bytes")}))


def test_the_file_for_envoy_holds_both_and_another_pair_has_another_digest(pair, tmp_path):
    text, digest = certificate.file(pair)
    (secret,) = json.loads(text)["resources"]
    assert secret["name"] == service.ENTRY
    assert secret["tls_certificate"]["private_key"]["inline_string"].startswith("-----BEGIN PRIVATE KEY-----")
    assert certificate.file(Docker(**Authority(tmp_path).issue("shop")))[1] != digest
    assert json.loads(certificate.file(Docker())[0])["resources"] == []
