"""One entry of a YAML text is set, and every other byte stays."""

from pathlib import Path

import pytest
import yaml as other_reader
from hypothesis import given
from hypothesis import strategies as st

from ops.yaml_text import YamlTextError, put, read

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("t: {v1: 100} # who\n", "t: {v2: 100} # who\n"),
        ("t: { v1: 100 }\n", "t: { v2: 100 }\n"),
        ("t:\n  v1: 90\n  v3: 10 # new\n\n# next\nu: 1\n", "t:\n  v2: 100 # new\n\n# next\nu: 1\n"),
        ("t:\n    v1: 100\nu: 1", "t:\n    v2: 100\nu: 1"),
        ("t: # nobody\nu: 1\n", "t: {v2: 100} # nobody\nu: 1\n"),
        ("t:\n", "t: {v2: 100}\n"),
        ("t: nonsense\n", "t: {v2: 100}\n"),
        ("a: 1 # one\n", "a: 1 # one\nt: {v2: 100}\n"),
        ("a: 1", "a: 1\nt: {v2: 100}\n"),
        ("{a: 1}", "{a: 1, t: {v2: 100}}"),
        ("{}\n", "{t: {v2: 100}}\n"),
        ("", "t:\n  v2: 100\n"),
        ("# nothing yet", "# nothing yet\nt:\n  v2: 100\n"),
    ],
)
def test_a_value_is_set_in_the_style_it_has(before: str, after: str):
    assert put(before, ["t"], {"v2": 100}) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("t: {v1: 100} # who\n", "t: {} # who\n"),
        ("t:\n  v1: 90\n  v2: 10 # new\n\nu: 1\n", "t: {} # new\n\nu: 1\n"),
        ("t: # who\n  v1: 100\nu: 1", "t: # who\n  {}\nu: 1"),
        ("a: 1\n", "a: 1\nt: {}\n"),
    ],
)
def test_a_mapping_is_emptied(before: str, after: str):
    assert put(before, ["t"], {}) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("r:\n  v1: {ami: a} # old\nu: 1\n", "r:\n  v1: {ami: a} # old\n  v2: {ami: b}\nu: 1\n"),
        (
            "r:\n  v1:\n    ami: a\n    # size: 3\n  # v0: …\n\n# next\nu: 1\n",
            "r:\n  v1:\n    ami: a\n    # size: 3\n  # v0: …\n  v2:\n    ami: b\n\n# next\nu: 1\n",
        ),
        ("r: {v1: {ami: a}}\n", "r: {v1: {ami: a}, v2: {ami: b}}\n"),
        ("r: { v1: { ami: a } }\n", "r: { v1: { ami: a }, v2: {ami: b} }\n"),
        ("r: {}\n", "r: {v2: {ami: b}}\n"),
        ("r:\nu: 1\n", "r: {v2: {ami: b}}\nu: 1\n"),
        ("u: 1\n", "u: 1\nr: {v2: {ami: b}}\n"),
        ("r:\n  v1: {text: |\n  x}\n", None),
    ],
)
def test_a_new_entry_comes_last_in_its_mapping(before: str, after: str | None):
    if after is None:
        with pytest.raises(YamlTextError):
            put(before, ["r", "v2"], {"ami": "b"})
    else:
        assert put(before, ["r", "v2"], {"ami": "b"}) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("r:\n  # oldest first\n  v1: {a: 1}\n", "r:\n  # oldest first\n  v0: {a: 0}\n  v1: {a: 1}\n"),
        ("r:\n  v1:\n    a: 1\n", "r:\n  v0:\n    a: 0\n  v1:\n    a: 1\n"),
        ("r: {v1: {a: 1}}\n", "r: {v0: {a: 0}, v1: {a: 1}}\n"),
        ("r: { v1: {a: 1} }\n", "r: { v0: {a: 0}, v1: {a: 1} }\n"),
    ],
)
def test_a_new_entry_can_come_first(before: str, after: str):
    assert put(before, ["r", "v0"], {"a": 0}, first=True) == after


def test_in_our_own_stack_file_only_new_lines_appear():
    text = (ROOT / "Pulumi.dev.yaml").read_text()
    edited = put(text, ["config", "sluice:releases", "v2"], {"ami": "ami-1", "image": "r/s@sha256:0"})
    before, after = text.splitlines(), edited.splitlines()
    assert [line for line in after if line not in before] == [
        "    v2:",
        "      ami: ami-1",
        "      image: r/s@sha256:0",
    ]
    assert [line for line in after if line in before] == before
    assert after.index("    v2:") < after.index("  # How traffic moves.")


def test_an_alias_is_not_edited_elsewhere():
    with pytest.raises(YamlTextError, match="t cannot be set in place"):
        put("a: &x {v1: 100}\nt: *x\n", ["t"], {"v2": 100})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [\nb: }", "line 2, column 4: "),
        ("a: 1\na: 2\n", "line 2, column 1: found duplicate key"),
        ("- a\n", "it is no mapping"),
        ("a: \x00", "special characters are not allowed"),
    ],
)
def test_what_is_not_yaml_is_told_with_its_place(text: str, said: str):
    with pytest.raises(YamlTextError, match=said):
        read(text)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["C", "Zl", "Zp"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abcyn019:.-_/@ ", min_size=1), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(VALUES)
def test_every_reader_gets_the_value_that_was_put(value: object):
    text = put("a: {b: 1} # kept\nc: 2\n", ["a", "d"], value)
    assert other_reader.safe_load(text) == {"a": {"b": 1, "d": value}, "c": 2}
    assert text.endswith(" # kept\nc: 2\n")


def test_a_version_that_looks_like_a_number_stays_text():
    text = put("r: {v1: {a: 1}}\n", ["r", "1.10"], {"a": "on"})
    assert text == 'r: {v1: {a: 1}, "1.10": {a: "on"}}\n'
