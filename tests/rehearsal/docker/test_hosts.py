"""Which Docker hosts are this machine."""

import pytest

from rehearsal.docker.hosts import DEFAULT, is_local, wanted

HERE = [
    DEFAULT,
    "unix:///run/user/1000/docker.sock",
    "tcp://127.0.0.1:2375",
    "tcp://[::1]:2375",
    "tcp://localhost",
    "ssh://deploy@localhost",
    "ssh://deploy@127.0.0.1:2222",
]
ELSEWHERE = [
    "tcp://10.0.0.1:2375",
    "tcp://0.0.0.0:2375",
    "ssh://deploy@h1",
    "ssh://127.0.0.1@h1",
    "http://localhost.example.com",
    "unix://",
    "unix://host/path",
    "npipe:////./pipe/docker_engine",
    "127.0.0.1:2375",
    "",
]


@pytest.mark.parametrize("host", HERE)
def test_sockets_and_loopback_are_here(host: str) -> None:
    assert is_local(host)


@pytest.mark.parametrize("host", ELSEWHERE)
def test_anything_else_is_elsewhere(host: str) -> None:
    assert not is_local(host)


def test_docker_host_wins_unless_it_is_empty() -> None:
    assert wanted({"DOCKER_HOST": "tcp://127.0.0.1:1"}) == "tcp://127.0.0.1:1"
    assert wanted({"DOCKER_HOST": ""}) == wanted({}) == DEFAULT
