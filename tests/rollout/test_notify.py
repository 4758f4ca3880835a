"""Notifications, to a real HTTP server on loopback."""

import http.server
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from rollout.notify import notify


@dataclass
class Hook:
    """A webhook on loopback: what it got; it answers `code`, once `open` is set."""

    url: str = ""
    got: list[dict[str, Any]] = field(default_factory=list)
    code: int = 200
    open: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def hook(monkeypatch) -> Iterator[Hook]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    hook = Hook()
    hook.open.set()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hook.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            hook.open.wait(10)
            self.send_response(hook.code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_request(self, code: Any = "-", size: Any = "-") -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    hook.url = f"json://ada:hunter2@127.0.0.1:{server.server_port}/services/T0KEN"
    yield hook
    hook.open.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def told() -> list[str]:
    return []


def test_title_and_body_arrive(hook, told):
    notify([hook.url], "shop: v2 promoted", "v2 3 of 4,120 failed\nv1 9 of 12,300", told.append)
    assert [(one["title"], one["message"]) for one in hook.got] == [
        ("shop: v2 promoted", "v2 3 of 4,120 failed\nv1 9 of 12,300")
    ]
    assert told == []


def test_without_urls_nothing_is_sent(told):
    notify([], "title", "body", told.append)
    assert told == []


def test_what_refuses_is_told_without_its_secrets_and_the_others_get_theirs(hook, told):
    hook.code = 403
    nobody = "json://ada:hunter2@127.0.0.1:1/services/T0KEN"
    notify([hook.url, nobody], "title", "body", told.append)
    assert len(hook.got) == 1
    assert [line.partition(": ")[0] for line in told] == [
        "notification 1 of 2 (json) was not delivered",
        "notification 2 of 2 (json) was not delivered",
    ]
    assert "error=403" in told[0]
    assert [part for part in ("ada", "hunter2", "T0KEN", "127.0.0.1") if part in "".join(told)] == []


@pytest.mark.parametrize("url", ["nonsense-T0KEN", "sluice://T0KEN/x", "json://"])
def test_a_url_that_is_none_is_told(url, told):
    notify([url], "title", "body", told.append)
    assert len(told) == 1
    assert "it is no URL that apprise knows" in told[0]
    assert "T0KEN" not in told[0]


def test_a_server_that_does_not_answer_holds_nobody_up(hook, told):
    hook.open.clear()
    begun = time.monotonic()
    notify([hook.url] * 10, "title", "body", told.append, patience=0.5)
    assert time.monotonic() - begun < 4  # one after the other, they would take five
    assert told == [
        f"notification {number} of 10 (json) was not delivered: no answer within 0.5 s" for number in range(1, 11)
    ]


def test_a_server_that_does_not_answer_does_not_keep_the_process_from_its_end(hook, told):
    hook.open.clear()
    before = set(threading.enumerate())
    notify([hook.url], "title", "body", told.append, patience=0.3)
    left = set(threading.enumerate()) - before
    assert left
    assert [one.name for one in left if not one.daemon] == []
