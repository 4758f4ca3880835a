"""One entry of a YAML text is taken out, and every other byte stays."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.yaml_cut import cut
from ops.yaml_text import YamlTextError, put, read


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("r:\n  v1: {ami: a} # old\n  v2: {ami: b} # new\nu: 1\n", "r:\n  v2: {ami: b} # new\nu: 1\n"),
        ("r:\n  v0: {ami: z} # first\n  v1: {ami: a}\n\nu: 1\n", "r:\n  v0: {ami: z} # first\n\nu: 1\n"),
        ("r:\n  v1:\n    ami: a\n    # size: 3\n  # new\n  v2:\n    ami: b\n", "r:\n  # new\n  v2:\n    ami: b\n"),
        ("r:\n  # above\n  v1: {ami: a}\n  v2: {ami: b}", "r:\n  # above\n  v2: {ami: b}"),
        ("r:\n  v2: {ami: b}\n  v1: {ami: a}", "r:\n  v2: {ami: b}\n"),
        ("r: {v1: {ami: a}, v2: {ami: b}} # all\n", "r: {v2: {ami: b}} # all\n"),
        ("r: { v2: {ami: b}, v1: {ami: a} }\n", "r: { v2: {ami: b} }\n"),
        ("r: {v0: 1, v1: 2, v2: 3}\n", "r: {v0: 1, v2: 3}\n"),
        ("r: {v1: {ami: a}} # all\n", "r: {} # all\n"),
        ("r:\n  v1: {ami: a} # old\n\nu: 1\n", "r: {} # old\n\nu: 1\n"),
        ("r: # all\n  v1: {ami: a}\n\nu: 1\n", "r: # all\n  {}\n\nu: 1\n"),
    ],
)
def test_an_entry_is_taken_out_with_its_own_lines(before, after):
    assert cut(before, ["r", "v1"]) == after


def test_what_an_alias_needs_is_not_taken_out():
    with pytest.raises(YamlTextError):
        cut("r:\n  v1: &one {ami: a}\n  v2: *one\n", ["r", "v1"])


VERSIONS = st.lists(st.from_regex(r"[a-z][a-z0-9.-]{0,8}", fullmatch=True), min_size=1, max_size=3, unique=True)


@settings(max_examples=15, deadline=None)
@given(VERSIONS, st.data(), st.booleans())
def test_what_was_put_is_cut_again(versions, data, flow):
    text = "# ours\nr: {}\n" if flow else f"# ours\nr:\n  zz: {{ami: a}} # {versions[0]}\n"
    for version in versions:
        text = put(text, ["r", version], {"ami": version})
    out = data.draw(st.sampled_from(versions))
    left = read(text)
    del left["r"][out]
    assert read(cut(text, ["r", out])) == left
    assert cut(text, ["r", out]).startswith("# ours\n")
