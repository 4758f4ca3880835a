"""The place of the demo on machines: what it says when it cannot be had, and what a release is there."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rehearsal.place import Machines, PlaceError
from rehearsal.stage import Done, Stage


@dataclass(frozen=True)
class Asked(Stage):
    """A stage that notes what it is asked, and answers *code*."""

    code: int = 0
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def rehearsal(self, *arguments: str) -> Done:
        self.asked.append(arguments)
        return Done(self.code, 0.1, "progress\nami-1\n")


def test_a_cloud_that_does_not_start_is_told_in_its_own_words(tmp_path):
    with pytest.raises(PlaceError, match="progress\nami-1"):
        Machines().up(Asked(tmp_path, tmp_path, "demo", code=1))


def test_a_release_is_a_machine_image_of_the_sample_service(tmp_path):
    stage = Asked(tmp_path, tmp_path, "demo")
    assert Machines().release(stage, "v1") == {"ami": "ami-1"}
    assert Machines().release(stage, "v3", FAIL="0.05") == {"ami": "ami-1"}
    (_, _, _, *plain), (_, _, _, *failing) = stage.asked
    assert Path(plain[-1]).name in ("server.js", "server.py")
    assert failing == ["env", "FAIL=0.05", *plain]


def test_what_it_wants_of_the_stack_is_plain_data():
    settings = Machines().settings()
    assert json.loads(json.dumps(settings)) == settings
