"""A daemon that is not there, or is none, is said in one line."""

import socket

import pytest

from images import build
from images.errors import ImageError


def test_without_a_daemon_it_says_where_it_looked_and_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(
        ImageError, match=r"no Docker daemon answers at unix:///.*/none.sock: No such file .*; start one"
    ):
        build.connect()


def test_a_socket_that_nobody_serves_any_more_is_no_daemon(monkeypatch, tmp_path):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "left.sock"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/left.sock")
    with pytest.raises(ImageError, match="Connection refused"):
        build.connect()
