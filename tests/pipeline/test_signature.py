"""Who sent a hook: nothing but the right secret over the very bytes passes."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import RefusedError
from pipeline.signature import check_signature, check_token
from tests.pipeline.conftest import GITHUB, HUB

BODY = b'{"ref": "refs/heads/main"}'


def signed(body: bytes, secret: bytes = GITHUB, kind: str = "sha256") -> str:
    return f"{kind}={hmac.new(secret, body, kind).hexdigest()}"


def test_githubs_own_example_passes():
    # https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    header = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    check_signature(b"It's a Secret to Everybody", b"Hello, World!", header)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        signed(BODY)[:-1],
        signed(BODY) + "0",
        signed(BODY, kind="sha1"),
        "sha1=" + signed(BODY)[7:],
        signed(BODY).upper(),
        signed(BODY, HUB),
        signed(BODY)[7:],
    ],
)
def test_no_other_signature_passes(header):
    with pytest.raises(RefusedError) as refused:
        check_signature(GITHUB, BODY, header)
    assert refused.value.status == 401
    assert hashlib.sha256(BODY).hexdigest() not in str(refused.value)


@given(st.integers(0, 8 * len(BODY) - 1))
def test_one_bit_of_another_body_is_seen(bit):
    changed = bytearray(BODY)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(RefusedError):
        check_signature(GITHUB, bytes(changed), signed(BODY))


@pytest.mark.parametrize("given_", ["", HUB.decode()[:-1], HUB.decode() + "x", GITHUB.decode(), "ü" * 40])
def test_no_other_token_passes(given_):
    with pytest.raises(RefusedError) as refused:
        check_token(HUB, given_)
    assert refused.value.status == 404


def test_the_token_passes():
    check_token(HUB, HUB.decode())
