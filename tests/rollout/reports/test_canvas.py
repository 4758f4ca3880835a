"""Pictures for inside a page."""

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from rollout.reports.canvas import INK, NEW, VARIABLES, svg
from rollout.reports.page import STYLE


def draw(axes: Any) -> None:
    axes.plot([0, 1], [0, 1], color=NEW[0], label="a & b")
    axes.axhline(0.5, color=INK)
    axes.legend()


@pytest.fixture(scope="module")
def picture() -> str:
    return svg("A line, wide", draw, (4, 2))


def test_it_is_one_element_that_takes_the_size_it_is_given(picture):
    root = ElementTree.fromstring(picture)
    assert root.tag == "svg"
    assert root.attrib == {"viewBox": "0 0 288 144", "role": "img", "aria-label": "A line, wide"}


def test_its_colours_are_the_pages(picture):
    assert set(re.findall(r"(?:fill|stroke): ([^;\"]+)", picture)) <= {
        "none",
        *(f"var(--{name})" for name in VARIABLES.values()),
    }
    assert "var(--new1)" in picture


def test_the_page_has_every_colour_for_light_and_for_dark():
    assert [name for name in VARIABLES.values() if STYLE.count(f"--{name}:") != 2] == []


def test_its_text_is_text(picture):
    assert "a &amp; b" in picture
    assert "font-size: 10px" in picture
    assert "font-family" not in picture


def test_two_pictures_share_no_id(picture):
    other = svg("A line, narrow", draw, (3, 2))
    assert set(re.findall(r'id="(\w+)"', picture)).isdisjoint(re.findall(r'id="(\w+)"', other))
    assert set(re.findall(r"#(\w+)[\")]", other)) <= set(re.findall(r'id="(\w+)"', other))


def test_the_same_picture_is_the_same_text(picture):
    assert svg("A line, wide", draw, (4, 2)) == picture
