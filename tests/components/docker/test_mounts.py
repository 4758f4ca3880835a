"""Whose file may be read by whom."""

import tarfile

import pytest

from components.docker.mounts import is_readable


def entry(uid: int, mode: int, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    made = tarfile.TarInfo("x")
    made.uid, made.mode, made.type = uid, mode, kind
    return made


@pytest.mark.parametrize(
    ("uid", "mode", "expected"),
    [
        (10001, 0o400, True),
        (10001, 0o044, False),  # its owner, though all others may
        (0, 0o600, False),
        (0, 0o604, True),
        (0, 0o640, True),  # it may be of that group, or an ACL says so
    ],
)
def test_a_file_is_readable_for_its_owner_or_for_all_or_maybe_for_a_group(uid, mode, expected):
    assert is_readable(entry(uid, mode), 10001) is expected


@pytest.mark.parametrize(("mode", "expected"), [(0o755, True), (0o744, False)])
def test_a_folder_has_to_be_entered_too(mode, expected):
    assert is_readable(entry(0, mode, tarfile.DIRTYPE), 10001) is expected
