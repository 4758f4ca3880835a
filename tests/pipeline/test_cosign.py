"""Where cosign's signatures are in what a registry says, whoever wrote that."""

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.config_types import SIGNED
from pipeline.cosign import LARGEST, MOST, is_beside, signatures, tag_of, written
from tests.cosign import Signer, payload
from tests.pipeline.conftest import digest

LAYER = Signer().layer(payload(digest("a")))
FOUND = (LAYER["digest"], LAYER["annotations"]["dev.cosignproject.cosign/signature"])


def test_the_tag_is_the_digest_with_an_ending():
    assert tag_of(digest("a")) == f"sha256-{'a' * 64}.sig"


@pytest.mark.parametrize(
    ("tag", "beside"),
    [
        (tag_of(digest("a")), True),
        (f"sha256-{'a' * 64}.att", True),
        (f"sha256-{'a' * 64}", True),
        (f"sha256-{'a' * 64}x", False),
        (f"sha256-{'a' * 63}.sig", False),
        ("main-1.sig", False),
    ],
)
def test_what_is_kept_beside_an_image_is_known_by_its_tag(tag, beside):
    assert is_beside(tag) is beside


def test_a_signature_is_found_with_the_blob_that_was_signed():
    assert list(signatures({"layers": [LAYER]})) == [FOUND]


@pytest.mark.parametrize(
    "change",
    [
        {"mediaType": "application/vnd.dsse.envelope.v1+json"},
        {"digest": "sha256:1"},
        {"digest": f"../../{digest('a')}"},
        {"digest": None},
        {"size": LARGEST + 1},
        {"size": 0},
        {"size": "1"},
        {"annotations": {}},
        {"annotations": None},
        {"annotations": {"dev.cosignproject.cosign/signature": "no base64"}},
        {"annotations": {"dev.cosignproject.cosign/signature": "QUJD --take-over"}},
        {"annotations": {"dev.cosignproject.cosign/signature": ["QUJD"]}},
        {"annotations": {"dev.cosignproject.cosign/signature": "QUJ"}},
        {"annotations": {"dev.cosignproject.cosign/signature": "QUJD" * 65}},
    ],
)
def test_a_layer_that_is_no_signature_is_left_out(change):
    assert list(signatures({"layers": [{**LAYER, **change}, LAYER]})) == [FOUND]


def test_of_very_many_the_newest_are_taken():
    other = {**LAYER, "annotations": {"dev.cosignproject.cosign/signature": "QUJD"}}
    assert list(signatures({"layers": [other] * 1000 + [LAYER] * MOST})) == [FOUND] * MOST


@given(st.recursive(st.none() | st.text() | st.integers(), lambda of: st.lists(of) | st.dictionaries(st.text(), of)))
def test_whatever_a_manifest_is_there_is_no_signature_in_it(anything):
    assert list(signatures(anything)) == []
    assert list(signatures({"layers": anything})) == []
    assert list(signatures({"layers": [anything, {**LAYER, "annotations": anything}]})) == []


@given(st.binary(min_size=1, max_size=LARGEST), st.from_regex(r"[A-Za-z0-9+/]{0,8}={0,3}", fullmatch=True))
def test_what_is_found_is_written_as_the_config_takes_it(what, signature):
    layer = {**LAYER, "annotations": {"dev.cosignproject.cosign/signature": signature}}
    found = list(signatures({"layers": [layer]}))
    assert bool(found) is (signature != "" and is_base64(signature))
    assert all(re.fullmatch(SIGNED, written(what, one)) for _, one in found)


def is_base64(text: str) -> bool:
    try:
        return len(text) % 4 == 0 and len(base64.b64decode(text, validate=True)) > 0
    except ValueError:
        return False
