"""The build's parts: Go's version, its environment, the progress that is told, the renaming into place."""

import re
from pathlib import Path

import pytest

from rehearsal import engine_source
from rehearsal.engine_source import Progress, elapsed, go_version, move_into_place


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("go version go1.26.8 linux/amd64", (1, 26, 8)),
        ("go version go1.27 linux/arm64", (1, 27, 0)),
        ("go version go1.27rc1 linux/amd64", (1, 27, 0)),
        ("bash: go: command not found", None),
    ],
)
def test_what_go_version_prints_is_understood(text: str, version: tuple[int, int, int] | None):
    assert version == go_version(text)


def test_the_module_asks_for_what_the_code_asks_for():
    module = (engine_source.SOURCE / "go.mod").read_text()
    asked = re.search(r"^go (\S+)$", module, re.MULTILINE)
    assert asked is not None
    assert ".".join(str(part) for part in engine_source.OLDEST_GO) == asked[1]
    assert f"github.com/pulumi/pulumi/pkg/v3 v{engine_source.VERSION}\n" in module


def test_the_requirements_name_the_same_version():
    requirements = (Path(__file__).resolve().parents[2] / "requirements.txt").read_text()
    assert f"pulumi=={engine_source.VERSION}" in requirements.splitlines()


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00"), (59.9, "0:59"), (125, "2:05"), (3600, "60:00")])
def test_time_is_told_in_minutes(seconds: float, shown: str):
    assert shown == elapsed(seconds)


def test_progress_counts_modules_then_packages(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(engine_source, "TELL_EVERY", 0.0)
    said: list[str] = []
    progress = Progress(said.append, started=0.0)
    progress.download("go: downloading some/module v1.0.0")
    progress.download("package/one")
    progress.total = 2
    progress.compile("package/one")
    progress.compile(None)
    assert [line.split("  ")[1] for line in said] == ["1 modules downloaded"] * 2 + ["1 of 2 packages compiled"] * 2


def test_progress_is_not_told_for_every_line():
    said: list[str] = []
    progress = Progress(said.append, started=1e12)  # far ahead: the next line is not due
    progress.download("go: downloading some/module v1.0.0")
    assert said == []


def test_a_folder_that_another_build_finished_meanwhile_stays(tmp_path: Path):
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pulumi").write_text(name)
    move_into_place(tmp_path / "ours", tmp_path / "theirs")
    assert (tmp_path / "theirs" / "pulumi").read_text() == "theirs"


def test_a_folder_that_cannot_be_renamed_is_an_error(tmp_path: Path):
    (tmp_path / "made").mkdir()
    with pytest.raises(OSError, match="No such file"):
        move_into_place(tmp_path / "made", tmp_path / "missing" / "target")
