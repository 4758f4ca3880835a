"""The load client, against small servers made here that answer, break off, hang and close as told."""

import socket
import threading
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.load import Answer, Load, dropped, dropped_by, own, table

FINE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Version: v7\r\n\r\nok"
LAST = FINE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
HALF = FINE.replace(b"2\r\n", b"900\r\n")
HALF_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"


class Server:
    """Answers each request with what *say(n)* gives for the n-th; afterwards closes the connection when *ends*."""

    def __init__(self, say, ends=False):
        self.say, self.ends = say, ends
        self.requests = self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/path?a=1"
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client):
        with client:
            while (request := client.recv(10_000)) and request.startswith(b"GET /path?a=1 HTTP/1.1\r\n"):
                with self._lock:
                    self.requests += 1
                    turn = self.requests
                client.sendall(self.say(turn))
                if self.ends:
                    return

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def serve():
    servers = []

    def make(say, ends=False):
        servers.append(Server(say, ends))
        return servers[-1]

    yield make
    for server in servers:
        server.close()


def run(url, seconds=0.5, **options):
    load = Load(url, **options)
    load.start()
    time.sleep(seconds)
    return load.stop()


def test_connections_are_kept_and_every_request_is_recorded(serve):
    server = serve(lambda _: FINE)
    before = time.time()
    answers = run(server.url, connections=3)
    assert server.connections <= 3
    assert len(answers) == server.requests
    assert {(a.status, a.version, a.error) for a in answers} == {(200, "v7", "")}
    after = time.time()
    assert all(before <= a.at <= after and 0 < a.seconds < after - before for a in answers)
    assert all(one.at <= other.at for one, other in pairwise(answers))


@pytest.mark.parametrize("rate", [50, 400])
def test_the_rate_is_the_one_asked_for(serve, rate):
    server = serve(lambda _: FINE)
    begun = time.monotonic()
    answers = run(server.url, seconds=1, rate=rate)
    assert rate * 0.7 <= len(answers) <= rate * (time.monotonic() - begun) + 1


def test_what_was_due_while_the_server_hung_is_recorded_as_slow(serve):
    def hang(turn):
        if turn == 1:
            time.sleep(0.5)
        return FINE

    answers = run(serve(hang).url, seconds=1.2, connections=1, rate=100)
    late = [a for a in answers if a.seconds > 0.1]
    assert len(late) >= 35  # of the 50 that were due in that half second, those of its first 0.4 s
    assert len(answers) >= 100
    assert dropped(answers) == []


def test_a_connection_that_was_closed_while_idle_is_no_drop(serve):
    server = serve(lambda _: FINE, ends=True)
    answers = run(server.url, connections=2, rate=40)
    assert dropped(answers) == []
    assert server.connections == len(answers) > 5


def test_a_connection_that_the_server_announced_to_close_is_no_drop(serve):
    server = serve(lambda _: LAST)
    answers = run(server.url, connections=2, rate=400)
    assert dropped(answers) == []
    assert server.connections == len(answers) > 5


@pytest.mark.parametrize("broken", [b"", FINE[:9], FINE[:-30], HALF, HALF_CHUNKED])
def test_half_an_answer_is_a_drop_and_is_not_tried_again(serve, broken):
    server = serve(lambda _: broken, ends=True)
    answers = run(server.url, connections=2, rate=40)
    assert dropped(answers) == answers
    assert len(answers) == server.requests
    assert all(a.status == 0 and a.error for a in answers)


def test_no_server_is_a_drop(serve):
    server = serve(lambda _: FINE)
    server.close()
    answers = run(server.url, rate=50, seconds=0.2)
    assert dropped(answers) == answers
    assert "ConnectionRefusedError" in answers[0].error
    server._socket = socket.create_server(("127.0.0.1", 0))  # for the fixture to close


def test_stop_waits_for_the_request_under_way(serve):
    def slow(_):
        time.sleep(0.4)
        return FINE

    answers = run(serve(slow).url, seconds=0.1, connections=2, rate=100)
    assert [a.status for a in answers] == [200, 200]


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/",
        "http://example.com/",
        "https://127.0.0.1/",
        "http://0.0.0.0/",
        "127.0.0.1:80",
        "",
        "http:///x",
    ],
)
def test_load_goes_to_this_machine_only(url):
    with pytest.raises(ValueError, match="loopback only"):
        Load(url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1", "http://127.8.9.1:80/x", "http://localhost:1/", "http://[::1]:8080/"]
)
def test_all_names_of_this_machine_are_taken(url):
    Load(url)


def test_a_rate_of_nothing_is_refused():
    with pytest.raises(ValueError, match="above 0"):
        Load("http://127.0.0.1/", rate=0)
    with pytest.raises(ValueError, match="above 0"):
        Load("http://127.0.0.1/", connections=0)


ANSWERS = st.lists(
    st.builds(
        Answer,
        at=st.floats(0, 1e9),
        seconds=st.floats(0, 60),
        status=st.sampled_from([0, 200, 301, 404, 499, 500, 502, 599]),
        version=st.sampled_from(["", "v1", "v2"]),
        error=st.just(""),
    )
)


@given(ANSWERS)
def test_dropped_are_those_without_an_answer_and_those_from_500_on(answers):
    assert dropped(answers) == [a for a in answers if a.status not in (200, 301, 404, 499)]


@given(ANSWERS)
def test_answers_are_told_apart_by_who_gave_them(answers):
    versions = ("", "v1", "v2")
    parts = {version: own(answers, version) for version in versions}
    assert sorted(map(id, answers)) == sorted(id(a) for part in parts.values() for a in part)
    assert {v: len(dropped(parts[v])) for v in versions} == {v: dropped_by(answers)[v] for v in versions}


@given(ANSWERS)
def test_the_table_has_a_row_for_each_version_and_status(answers):
    assert table(answers).row_count == len({(a.version, a.status) for a in answers})
