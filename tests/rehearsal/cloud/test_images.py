"""Machine images as files."""

import re
from pathlib import Path

import pytest

from rehearsal.cloud import images
from rehearsal.cloud.images import SAMPLE, Image


def test_a_registered_image_is_known_with_its_command_and_folder(tmp_path):
    ami = images.register(tmp_path, "shop", ["node", "server.js"], Path("/srv/shop"))
    assert images.known(tmp_path) == {ami: Image("shop", ("node", "server.js"), "/srv/shop")}


def test_ids_are_like_those_of_aws(tmp_path):
    assert re.fullmatch(r"ami-[0-9a-f]{17}", images.register(tmp_path, "a", ["b"], tmp_path))


@pytest.mark.parametrize("other", [("b", ["x"], "/"), ("a", ["y"], "/"), ("a", ["x"], "/srv")])
def test_another_image_has_another_id_and_the_same_one_the_same(tmp_path, other):
    one, same = (images.register(tmp_path, "a", ["x"], Path("/")) for _ in range(2))
    name, command, cwd = other
    assert one == same
    assert images.register(tmp_path, name, command, Path(cwd)) != one


def test_the_sample_has_a_fixed_id_and_absolute_paths(tmp_path):
    images.register_sample(tmp_path)
    sample = images.known(tmp_path)[SAMPLE]
    assert sample.name == "sample"
    assert [Path(part).is_file() and Path(part).is_absolute() for part in sample.command] == [True, True]


def test_without_node_the_sample_is_the_python_one(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    images.register_sample(tmp_path)
    assert images.known(tmp_path)[SAMPLE].command[1].endswith("server.py")


def test_a_forgotten_image_is_unknown(tmp_path):
    ami = images.register(tmp_path, "a", ["x"], tmp_path)
    images.forget(tmp_path, ami)
    assert images.known(tmp_path) == {}


def test_no_images_are_known_of_an_empty_home(tmp_path):
    assert images.known(tmp_path) == {}
