"""A package is used only with its checksum; what cannot be had is said in one line."""

import shutil
import subprocess

import pytest

from images import fetch
from images.errors import ImageError
from images.pins import ARCHITECTURE, Deb


@pytest.fixture
def package(tmp_path):
    """A small package of Debian in a cache: the folder and the package's file."""
    if not shutil.which("dpkg-deb"):
        pytest.skip("no dpkg-deb here")
    control = tmp_path / "tree" / "DEBIAN" / "control"
    control.parent.mkdir(parents=True)
    control.write_text(
        "Package: small\nVersion: 1:2.0-1\nArchitecture: all\nMaintainer: us <us@localhost>\nDescription: x\n"
    )
    (tmp_path / "tree" / "file").write_text("content")
    at = tmp_path / "cache"
    at.mkdir()
    file = at / f"small_2_{ARCHITECTURE}.deb"
    subprocess.run(["dpkg-deb", "--build", tmp_path / "tree", file], check=True, capture_output=True)
    return at, file


def test_a_package_in_the_cache_with_its_checksum_is_unpacked_without_asking_anybody(package, tmp_path):
    at, file = package
    said = []
    got = fetch.deb(Deb("small", {"1:2.0-1": fetch.digest(file)}), tmp_path / "into", at, said.append)
    assert (got.name, got.version, (got.folder / "file").read_text()) == ("small", "1:2.0-1", "content")
    assert said == []


def test_a_package_of_another_content_is_refused(package):
    _, file = package
    with pytest.raises(
        ImageError, match=rf"small 1:2.0-1: its checksum is [0-9a-f]{{64}}, not 0{{64}} .* remove {file}"
    ):
        fetch.vouched(Deb("small", {"1:2.0-1": "0" * 64}), file, lambda _: None)


def test_a_version_that_is_not_listed_is_taken_and_said(package):
    _, file = package
    said = []
    assert fetch.vouched(Deb("small", {"1:1.9-1": "0" * 64}), file, said.append) == "1:2.0-1"
    assert said == [
        f"small 1:2.0-1 is none of the versions in images/pins.py ({fetch.digest(file)}): taken on Debian's signature"
    ]


def test_without_apt_get_it_says_what_to_do_instead(monkeypatch, tmp_path):
    keyring = tmp_path / "keyring"
    keyring.touch()
    monkeypatch.setattr(fetch, "KEYRING", keyring)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ImageError, match=r"there is no apt-get here; .* images/node/alpine/Dockerfile"):
        fetch.deb(Deb("small", {}), tmp_path / "into", tmp_path / "cache", lambda _: None)


def test_a_command_that_fails_is_quoted_with_its_last_words():
    with pytest.raises(ImageError, match=r"^sh failed: b\nc\nd$"):
        fetch.run(["sh", "-c", "printf 'a\\nb\\nc\\nd\\n' >&2; exit 3"])
