"""A page of JSON, over real HTTP."""

import socket

import pytest

from rollout.errors import MetricsError
from rollout.metrics import page
from tests.rollout.metrics.conftest import serving


def test_a_page_is_its_data():
    with serving(lambda path, terms: (200, '{"a": [1, "ü"]}')) as url:
        assert page.read("look", f"{url}/x?y=1") == {"a": [1, "ü"]}


@pytest.mark.parametrize(
    ("status", "text", "said"),
    [
        (200, "<html>", "look: the answer is no JSON: <html>"),
        (200, "", "look: the answer is no JSON: it is empty"),
        (400, '{"status": "error", "error": "parse error"}', "look: 400 parse error"),
        (403, "RBAC: access denied\n", "look: 403 RBAC: access denied"),
        (500, "[1]", "look: 500 [1]"),
        (503, "x" * 1000, "look: 503 " + "x" * 300),
    ],
)
def test_what_is_no_such_page_is_told_in_the_servers_words(status, text, said):
    with serving(lambda path, terms: (status, text)) as url, pytest.raises(MetricsError) as raised:
        page.read("look", f"{url}/x?y=1")
    assert str(raised.value) == said


def test_a_server_that_is_not_there_is_told():
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with pytest.raises(MetricsError, match=r"^look: .*refused"):
        page.read("look", f"http://127.0.0.1:{port}/")


def test_a_server_that_is_silent_is_given_up(monkeypatch):
    assert page.PATIENCE == 3
    monkeypatch.setattr(page, "PATIENCE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(MetricsError, match=r"^look: .*timed out"):
        page.read("look", f"http://127.0.0.1:{silent.getsockname()[1]}/")


def test_what_is_no_http_is_told():
    with pytest.raises(MetricsError, match=r"^look: "):
        page.read("look", "nowhere")
