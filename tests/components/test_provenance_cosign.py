"""Provenance by cosign: an image is taken when a trusted key signed that very one, and nothing else passes for that."""

import base64
import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from components.provenance import fault, key, statement
from components.release import Release
from tests.configs import AMI
from tests.cosign import Signer, encoded, payload

DIGEST, OTHER = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
V1 = Release(version="v1", image=f"docker.io/acme/shop@{DIGEST}")
CI, EVE = Signer(), Signer()
TRUST = {"ci": CI.public}
SIGNATURE = base64.b64decode(CI.sign(payload(DIGEST)))

# Of cosign 2.5.3: `cosign generate-key-pair`, then `cosign sign --key cosign.key --tlog-upload=false
# --sign-container-identity docker.io/acme/shop` on an image in a registry on loopback. The key is that of cosign.pub,
# by `openssl pkey -pubin -outform DER`; the payload is the blob that the `.sig` tag's layer names. cosign.key is gone.
REAL_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEkoDm14G2XdmjiWABJ7hONKu5m4144NS5yieSgXnCJGpgWAE0d1jZZlwStS8UFhCrVYR4EY8B842K86W9i04z"
    "zQ=="
)
REAL_DIGEST = "sha256:8a5735c970941d62db8421d4465921bd32db8ec973ad5779a72ed764fb182bf4"
REAL_PAYLOAD = (
    '{"critical":{"identity":{"docker-reference":"docker.io/acme/shop"},"image":{"docker-manifest-digest":"'
    'sha256:8a5735c970941d62db8421d4465921bd32db8ec973ad5779a72ed764fb182bf4"}'
    ',"type":"cosign container image signature"},"optional":null}'
)
REAL_SIGNATURE = "MEUCIQD1jtR5fTMftUdUfWSRb4Aobgf8cKDawf6esoKKB6H8zQIgLXVZUGAARh7hwNRdteVWG6hBHySWUcexP08uK3WvQTo="


def signed(what: bytes, by: Signer = CI, release: Release = V1) -> Release:
    return replace(release, signature=by.written(what))


def why(release: Release, trust: dict[str, str] | None = None) -> str:
    """The fault that there has to be; a line."""
    said = fault(release, TRUST if trust is None else trust)
    assert said is not None
    assert "\n" not in said
    return said


def public(key) -> str:
    return encoded(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def test_an_image_that_a_trusted_key_signed_passes():
    assert fault(signed(payload(DIGEST)), TRUST) is None
    assert fault(signed(payload(DIGEST)), {"another": EVE.public, **TRUST}) is None


def test_what_the_real_cosign_signed_passes_and_nothing_else_of_it():
    written = f"cosign:{encoded(REAL_PAYLOAD.encode())}:{REAL_SIGNATURE}"
    real = Release(version="v1", image=f"docker.io/acme/shop@{REAL_DIGEST}", signature=written)
    assert fault(real, {"ci": REAL_KEY}) is None
    assert "none of sluice:trust" in why(real)
    assert "it is over" in why(replace(V1, signature=written), {"ci": REAL_KEY})


def test_the_tests_own_signer_writes_what_the_real_cosign_does():
    assert payload(REAL_DIGEST).decode() == REAL_PAYLOAD


def test_it_passes_wherever_the_image_lies_and_whatever_it_is_signed_as():
    elsewhere = replace(V1, version="v9", image=f"mirror.example.com/shop@{DIGEST}")
    assert fault(signed(payload(DIGEST, "registry.example.com/other"), release=elsewhere), TRUST) is None


def test_a_key_of_ed25519_signs_with_cosign_too():
    private = ed25519.Ed25519PrivateKey.generate()
    what = payload(DIGEST)
    release = replace(V1, signature=f"cosign:{encoded(what)}:{encoded(private.sign(what))}")
    assert fault(release, {"ci": public(private.public_key())}) is None


def test_another_key_is_refused_with_who_is_trusted():
    said = why(signed(payload(DIGEST), EVE))
    assert "is by none of sluice:trust, which names ci; sign docker.io/acme/shop@sha256:1" in said


def test_another_image_is_refused_with_both():
    said = why(signed(payload(OTHER)))
    assert said.startswith(f"signature: it is over '{OTHER}', not over {V1.image}; have that very image signed")


def test_a_release_with_an_ami_is_refused_with_what_to_write():
    said = why(signed(payload(DIGEST), release=replace(V1, ami=AMI)))
    assert said.startswith(f"signature: cosign signs images, and {AMI} is none; have both signed with openssl")
    assert said.endswith("write signature: ci:…")


def test_of_several_signatures_one_is_enough():
    ours, theirs = CI.written(payload(DIGEST)), EVE.written(payload(DIGEST))
    assert fault(replace(V1, signature=f"{theirs} {ours}"), TRUST) is None
    assert fault(replace(V1, signature=f"{ours} {theirs}"), TRUST) is None
    assert "none of sluice:trust" in why(replace(V1, signature=f"{theirs} {theirs}"))


def test_a_trusted_claim_of_another_image_does_not_lend_its_trust_to_a_strangers():
    mixed = replace(V1, signature=f"{CI.written(payload(OTHER))} {EVE.written(payload(DIGEST))}")
    assert "it is over" in why(mixed)
    assert "none of sluice:trust" in why(mixed)


def test_a_builder_whose_key_is_cosigns_is_told_to_use_cosign():
    detached = encoded(b"0" * 64)
    assert why(replace(V1, signature=f"ci:{detached}")).endswith("with which cosign signs; write signature: cosign:…")


@pytest.mark.parametrize(
    "what",
    [
        b"",
        b"no JSON",
        b"\xff\xfe",
        b"[" * 100_000,
        b"null",
        b"[]",
        b'"critical"',
        b'{"critical": null}',
        b'{"critical": "text"}',
        b'{"critical": {"image": [], "type": "cosign container image signature"}}',
        b'{"critical": {"type": "cosign container image signature"}}',
        payload(DIGEST).replace(b"cosign container", b"atomic container"),
        statement(V1).encode(),
    ],
)
def test_what_is_signed_and_no_claim_over_an_image_is_refused(what):
    assert "what is signed is no claim of cosign's over an image; run `cosign sign` on" in why(signed(what))


@pytest.mark.parametrize("digest", [None, 1, ["sha256:1"], {}, "x" * 10_000, "two\nlines"])
def test_a_digest_of_another_shape_is_another(digest):
    claim = json.loads(payload(DIGEST))
    claim["critical"]["image"]["docker-manifest-digest"] = digest
    assert "it is over" in why(signed(json.dumps(claim).encode()))


@given(place=st.integers(0, 8 * len(payload(DIGEST)) - 1))
def test_a_flipped_bit_of_what_was_signed_is_refused(place):
    what = bytearray(payload(DIGEST))
    what[place // 8] ^= 1 << place % 8
    forged = replace(V1, signature=f"cosign:{encoded(bytes(what))}:{CI.sign(payload(DIGEST))}")
    assert "none of sluice:trust" in why(forged)


@given(place=st.integers(0, 8 * len(SIGNATURE) - 1))
def test_a_flipped_bit_of_the_signature_is_refused(place):
    signature = bytearray(SIGNATURE)
    signature[place // 8] ^= 1 << place % 8
    forged = replace(V1, signature=f"cosign:{encoded(payload(DIGEST))}:{encoded(bytes(signature))}")
    assert "none of sluice:trust" in why(forged)


@given(what=st.binary(max_size=300), signature=st.binary(min_size=1, max_size=100))
def test_whatever_a_stranger_writes_is_refused_in_a_line_that_says_nothing_of_it(what, signature):
    said = why(replace(V1, signature=f"cosign:{encoded(what)}:{encoded(signature)}"))
    assert "none of sluice:trust" in said


@given(st.recursive(st.none() | st.text() | st.integers(), lambda of: st.lists(of) | st.dictionaries(st.text(), of)))
def test_whatever_a_trusted_key_signs_besides_is_refused_in_a_line(critical):
    assert why(signed(json.dumps({"critical": critical}).encode()))
    assert why(signed(json.dumps(critical).encode()))


@pytest.mark.parametrize(
    "other",
    [
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP384R1()),
        ec.generate_private_key(ec.SECP256K1()),
    ],
    ids=["RSA", "P-384", "secp256k1"],
)
def test_only_keys_of_cosigns_default_kind_and_of_ed25519_are_taken(other):
    assert key(CI.public)
    with pytest.raises(ValueError, match="neither an Ed25519 key nor an ECDSA one on P-256, as cosign makes it"):
        key(public(other.public_key()))


@pytest.mark.parametrize(
    ("before", "after"), [("2a8648ce3d030107", "2a8648ce3d030102"), ("2a8648ce3d0201", "2a8648ce3d0209")]
)
def test_a_key_of_a_kind_that_nobody_knows_is_none(before, after):
    """On a curve, or of an algorithm, of another number."""
    unknown = base64.b64decode(CI.public).replace(bytes.fromhex(before), bytes.fromhex(after))
    with pytest.raises(ValueError, match="it is no public key"):
        key(encoded(unknown))


@given(st.binary(max_size=200))
def test_whatever_is_written_as_a_key_is_refused_in_a_line(content):
    with pytest.raises(ValueError, match="it is"):
        key(encoded(content))
