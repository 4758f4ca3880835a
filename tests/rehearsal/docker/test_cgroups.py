"""Control groups of either version, as /proc/mounts and the files of version 2 show them."""

from pathlib import Path

import pytest

from rehearsal.docker.cgroups import hand_down, mounted, move_aside, prepare

ROOT = Path("/sys/fs/cgroup")
FIRST = "cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n"
SECOND = "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n"
BOTH = FIRST + "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n"


@pytest.mark.parametrize(
    ("table", "version"),
    [(FIRST, "cgroup"), (SECOND, "cgroup2"), (BOTH, "cgroup"), ("proc /proc proc rw 0 0\n", None), ("", None)],
)
def test_the_version_is_the_one_that_has_the_controllers(table: str, version: str | None) -> None:
    assert mounted(table, ROOT) == version


@pytest.fixture
def group(tmp_path: Path) -> Path:
    """The files of a version 2 group, as plain files."""
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids\n")
    (tmp_path / "cgroup.subtree_control").write_text("cpu\n")
    (tmp_path / "cgroup.procs").write_text("1\n")
    return tmp_path


def test_the_missing_controllers_are_handed_down(group: Path) -> None:
    hand_down(group)
    assert (group / "cgroup.subtree_control").read_text() == "+memory +pids"


def test_nothing_is_written_when_all_are(group: Path) -> None:
    (group / "cgroup.subtree_control").write_text("pids memory cpu\n")
    hand_down(group)
    assert (group / "cgroup.subtree_control").read_text() == "pids memory cpu\n"


def test_processes_in_the_way_are_moved_aside(group: Path) -> None:
    move_aside(group)
    assert (group / "init" / "cgroup.procs").read_text() == "1"


def test_version_one_is_left_as_it_is(tmp_path: Path) -> None:
    table = tmp_path / "mounts"
    table.write_text(f"cgroup {tmp_path}/memory cgroup rw 0 0\n")
    prepare(tmp_path, table)
    assert [one.name for one in tmp_path.iterdir()] == ["mounts"]
