"""The page on the images tells what the pins say, and names tests that are there."""

import re
from pathlib import Path

import pytest

from images import pins

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "images.md").read_text()


def test_every_package_stands_in_the_table_with_a_version_of_the_pins():
    told = dict(re.findall(r"^\|.*?\| ([\w-]+) \| (\S+) \| (?:PyPI|Debian) `", PAGE, re.MULTILINE))
    debs = (pins.MUSL, pins.GLIBC, pins.BUSYBOX, pins.ZLIB)
    assert {"node": pins.NODE.version, "envoy": pins.ENVOY.version}.items() <= told.items()
    assert [one.name for one in debs if told.get(one.name) not in one.known] == []
    assert pins.POSTGRES.version.rpartition(".")[0] == told["postgresql"]
    assert len(told) == 7


@pytest.mark.parametrize("said", sorted(set(re.findall(r"`(tests/[^`]+::[^`]+)`", PAGE))))
def test_each_test_that_the_page_names_is_there(said):
    file, _, name = said.partition("::")
    assert f"\ndef {name}(" in (ROOT / file).read_text()


def test_the_page_shows_the_example_and_it_is_on_the_pinned_node():
    example = (ROOT / "images" / "node" / "example" / "Dockerfile").read_text()
    assert "".join(f"    {line}\n" for line in example.splitlines()) in PAGE
    assert f"FROM sluice/node:{pins.NODE.version}\n" in example
    assert f"FROM node:{pins.NODE.version}-alpine" in (ROOT / "images" / "node" / "alpine" / "Dockerfile").read_text()
