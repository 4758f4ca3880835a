"""Nothing that takes long is cut by a release on containers, nor by the retirement of the slice it runs on.

One story for all: things are begun on v1, v2 is released, v1 is retired. Each ends in its own time, or, where that is
longer than a slice is ever given, not before the drain time after SIGTERM.
"""

import http.client
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from rehearsal.load import Answer, dropped
from tests.e2e.conftest import ok
from tests.e2e.dock import Dock, docked
from tests.e2e.held import ENDLESS, Held, Holding, events, upload, websocket
from tests.patience import PATIENCE

APP = Path(__file__).parent / "containers" / "long.js"
DRAIN = 12  # seconds
LATE = 1.0  # seconds by which what is watched from outside may be off
LENGTHS = tuple(float(one) for one in range(5, 95, 5))  # so many, as SIGTERM comes sooner or later into them


@dataclass
class Story:
    """Unix seconds: `unrouted`: when v1 was last sent a request, `told`: when it was sent SIGTERM."""

    unrouted: float
    told: float
    quick: list[Answer]
    slow: list[Answer]
    held: dict[str, list[Held]]
    idle: list[list[tuple[str, int]]]  # by connection: whose answer came, on which of our ports


@pytest.fixture(scope="module")
def story(docker_client, docker_host: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with docked(tmp_path_factory.mktemp("dock"), docker_client, docker_host) as dock:
        dock.stage.configure(service={"name": "shop", "port": 8080, "size": 2, "drain": f"{DRAIN}s"})
        for version in ("v1", "v2"):
            dock.build(version, app=APP.read_text())
            dock.add(version)
        dock.declare({"v1": 100}, steps=[])
        ok(dock.up())
        yield play(dock)


def play(dock: Dock) -> Story:
    quick, slow = dock.load(100), dock.load(0.8, "slow?ms=10000")
    quick.start()
    slow.start()
    connections = [http.client.HTTPConnection(dock.url.removeprefix("http://")) for _ in range(4)]
    idle: list[list[tuple[str, int]]] = [[] for _ in connections]
    again(connections, idle)
    watch = Watch(dock)
    ways = {
        "upload": (upload, LENGTHS),
        "events": (events, (*LENGTHS, ENDLESS)),
        "websocket": (websocket, (*LENGTHS, ENDLESS)),
    }
    held = {name: Holding(dock.url, way, *lengths) for name, (way, lengths) in ways.items()}
    dock.declare({"v2": 100}, steps=[])
    ok(dock.up())
    again(connections, idle)
    del dock.releases["v1"]
    dock.declare({"v2": 100}, steps=[])
    ok(dock.up())
    again(connections, idle)
    for connection in connections:
        connection.close()
    answers = quick.stop()
    unrouted = max(answer.at for answer in answers if answer.version == "v1")
    ended = {name: one.join() for name, one in held.items()}
    return Story(unrouted, watch.told(), answers, slow.stop(), ended, idle)


class Watch:
    """Sees from outside when the first of v1's containers lets nobody in any more, which is what SIGTERM does."""

    def __init__(self, dock: Dock) -> None:
        at = [one.attrs["NetworkSettings"]["Networks"]["shop-slices"]["IPAddress"] for one in dock.containers("v1")]
        self._seen = [0.0 for _ in at]
        self._threads = [threading.Thread(target=self._look, args=one, daemon=True) for one in enumerate(at)]
        for thread in self._threads:
            thread.start()

    def told(self) -> float:
        """When it was."""
        for thread in self._threads:
            thread.join(PATIENCE)
        assert all(self._seen)
        return min(self._seen)

    def _look(self, number: int, address: str) -> None:
        while True:
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex((address, 8080)):
                    self._seen[number] = time.time()
                    return
            threading.Event().wait(0.1)


def again(connections: Sequence[http.client.HTTPConnection], idle: Sequence[list[tuple[str, int]]]) -> None:
    for connection, seen in zip(connections, idle, strict=True):
        seen.append(ask(connection))


def ask(connection: http.client.HTTPConnection) -> tuple[str, int]:
    connection.request("GET", "/")
    answer = connection.getresponse()
    answer.read()
    assert connection.sock
    return answer.headers["X-Version"], connection.sock.getsockname()[1]


def test_sigterm_comes_only_when_no_request_was_sent_for_the_drain_time(story):
    assert story.told - story.unrouted >= DRAIN - LATE


def test_no_request_of_the_usual_kind_is_dropped(story):
    assert len(story.quick) > 1000
    assert dropped(story.quick) == []


def test_no_request_of_ten_seconds_is_dropped(story):
    across = [one for one in story.slow if one.at < story.unrouted < one.at + one.seconds]
    assert {one.version for one in across} == {"v1"}
    assert dropped(story.slow) == []


@pytest.mark.parametrize("kind", ["upload", "events", "websocket"])
def test_what_was_begun_on_the_old_slice_ends_in_its_own_time(story, kind):
    due = [one for one in story.held[kind] if one.began + one.lasts < story.told + DRAIN - LATE]
    assert any(one.began + one.lasts > story.told for one in due), "none of them lasted beyond SIGTERM"
    assert {one.version for one in due} == {"v1"}
    assert [one.told() for one in due if not one.whole] == []


@pytest.mark.parametrize("kind", ["upload", "events", "websocket"])
def test_what_takes_longer_than_that_is_not_cut_before_the_drain_time(story, kind):
    longer = [one for one in story.held[kind] if not one.whole]
    assert [one.told() for one in longer if one.ended < story.told + DRAIN - LATE] == []


def test_a_client_that_keeps_its_connection_idle_meanwhile_is_answered_on_it_by_the_new_slice(story):
    for seen in story.idle:
        assert [version for version, _ in seen] == ["v1", "v2", "v2"]
        assert len({port for _, port in seen}) == 1
