"""The daemon's program is found, or it is said how to get it."""

import os
from pathlib import Path

import pytest

from rehearsal.docker import packages
from rehearsal.docker.errors import DockerError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are looked for."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(packages, "SBIN", ())
    return tmp_path


def program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def test_what_is_installed_is_used(folder: Path) -> None:
    program(folder, "dockerd", "")
    assert packages.dockerd(lambda _: None, install=False) == str(folder / "dockerd")


def test_nothing_is_installed_unasked(folder: Path) -> None:
    program(folder, "apt-get", "echo called >> " + str(folder / "log"))
    with pytest.raises(DockerError, match=r"dockerd is not installed.*python -m rehearsal docker up --install"):
        packages.dockerd(lambda _: None, install=False)
    assert not (folder / "log").exists()


def test_asked_to_it_installs_the_package(folder: Path) -> None:
    dockerd = folder / "dockerd"
    program(folder, "apt-get", f'[ "$1" = update ] || {{ echo > {dockerd}; {_which("chmod")} 755 {dockerd}; }}')
    said: list[str] = []
    assert packages.dockerd(said.append, install=True) == str(dockerd)
    assert said == ["apt-get update", "apt-get install --yes --no-install-recommends docker.io"]


def test_an_installation_that_fails_is_told_in_its_own_words(folder: Path) -> None:
    program(folder, "apt-get", "echo E: Unable to locate package docker.io; exit 100")
    with pytest.raises(DockerError, match=r"failed: E: Unable to locate package docker\.io"):
        packages.dockerd(lambda _: None, install=True)


def test_without_apt_get_that_is_said(folder: Path) -> None:
    with pytest.raises(DockerError, match="no apt-get to install it with"):
        packages.dockerd(lambda _: None, install=True)


def _which(name: str) -> str:
    return next(str(one / name) for one in map(Path, os.defpath.split(os.pathsep)) if (one / name).exists())
