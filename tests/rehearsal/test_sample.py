"""The sample service: both versions of it answer alike, and leave without failing anybody."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from rehearsal.cloud import postgres
from rehearsal.cloud.loopback import answers, free
from rehearsal.cloud.postgres import Postgres
from rehearsal.sample.server import chances
from rollout.envoy.config import Cluster
from tests.patience import PATIENCE, eventually

FOLDER = Path(__file__).parents[2] / "rehearsal" / "sample"
COMMANDS = {
    "node": [shutil.which("node") or "node", str(FOLDER / "server.js")],
    "python": [sys.executable, str(FOLDER / "server.py")],
}
SOON = 30.0  # seconds: what has nothing left to do ends at once, and an idle connection by itself after 75
BOTH = [
    pytest.param("node", marks=pytest.mark.skipif(shutil.which("node") is None, reason="no node on PATH")),
    "python",
]


@pytest.fixture(params=BOTH)
def start(request):
    """Starts the service with more environment; gives the process and its port. Ends them all at the end."""
    started = []

    def run(**environment):
        process = subprocess.Popen(
            COMMANDS[request.param],
            env={**os.environ, "HOST": "127.0.0.1", "PORT": "0", "SLUICE_VERSION": "v7", **environment},
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout
        found = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", process.stdout.readline())
        assert found
        return process, int(found[1])

    yield run
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def connect():
    """Opens a keep-alive connection to a port; closes them all at the end."""
    opened = []

    def run(port):
        opened.append(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE))
        return opened[-1]

    yield run
    for connection in opened:
        connection.close()


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """A real Postgres: starts it, and gives what a service is told of it; the process."""
    folder = tmp_path_factory.mktemp("database")
    of = Postgres(folder=folder, port=free(), user="app", password="a:b\\c", database="app")
    process = postgres.start(of, os.environ)
    eventually(lambda: answers(of.port), "it answers")
    (folder / "pgpass").write_text("*:*:*:app:a\\:b\\\\c\n")  # as libpq wants colons and backslashes
    told = {"PGHOST": "127.0.0.1", "PGPORT": str(of.port), "PGDATABASE": "app", "PGUSER": "app"}
    yield {**told, "PGPASSFILE": str(folder / "pgpass")}, process
    process.send_signal(signal.SIGINT)
    process.wait()


def get(connection, path, method="GET", body=None):
    connection.request(method, path, body)
    answer = connection.getresponse()
    return answer, answer.read()


def refuses(port):
    """Whether nobody listens on the port."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0


def closed(connection):
    """Whether the other side ends the connection, and says nothing more."""
    connection.sock.settimeout(SOON)
    return connection.sock.recv(1) == b""


def test_it_says_which_version_and_process_answers(start, connect):
    process, port = start()
    answer, body = get(connect(port), "/")
    assert (answer.status, answer.getheader("X-Version")) == (200, "v7")
    assert json.loads(body) == {"version": "v7", "pid": process.pid}


def test_a_connection_serves_many_requests_of_all_kinds(start, connect):
    _, port = start()
    connection = connect(port)
    asked = [
        ("/", "GET", None),
        ("/", "POST", b"x" * 100_000),
        ("/", "HEAD", None),
        ("/x", "GET", None),
        ("//", "GET", None),
    ]
    assert [get(connection, *one)[0].status for one in asked] == [200, 200, 200, 404, 404]
    address = connection.sock.getsockname()
    get(connection, "/")
    assert connection.sock.getsockname() == address


def test_it_is_ill_when_told_so(start, connect):
    _, well = start()
    _, ill = start(FAIL_HEALTH="1")
    assert get(connect(well), "/healthz")[0].status == 200
    assert get(connect(ill), "/healthz")[0].status == 503
    assert get(connect(ill), "/")[0].status == 200


@pytest.mark.parametrize("wait", ["x", "-1", "60001"])
def test_a_wait_that_is_no_time_is_refused(start, connect, wait):
    _, port = start()
    assert get(connect(port), f"/slow?ms={wait}")[0].status == 400


def test_slow_takes_its_time(start, connect):
    _, port = start()
    began = time.monotonic()
    assert get(connect(port), "/slow?ms=300")[0].status == 200
    assert 0.3 <= time.monotonic() - began < 30


def test_on_sigterm_idle_connections_end_and_the_request_under_way_is_answered(start, connect):
    process, port = start()
    idle, busy = connect(port), connect(port)
    get(idle, "/")
    answers = []
    busy.request("GET", "/slow?ms=1000")
    asking = threading.Thread(target=lambda: answers.append(busy.getresponse()))
    asking.start()
    get(idle, "/")  # by now the slow request, which was sent before, has arrived
    process.send_signal(signal.SIGTERM)
    assert closed(idle)
    eventually(lambda: refuses(port), "nobody is let in any more")
    assert process.poll() is None
    asking.join(PATIENCE)
    assert answers[0].status == 200
    assert answers[0].getheader("Connection") == "close"
    assert json.loads(answers[0].read())["version"] == "v7"
    assert process.wait(SOON) == 0


def test_without_a_request_under_way_it_ends_at_once(start, connect):
    process, port = start()
    get(connect(port), "/")
    process.send_signal(signal.SIGTERM)
    assert process.wait(SOON) == 0


def test_a_connection_on_which_nothing_was_ever_asked_holds_up_nothing(start, connect):
    process, port = start()
    with socket.create_connection(("127.0.0.1", port), PATIENCE):
        get(connect(port), "/")  # by now the one before was accepted
        process.send_signal(signal.SIGTERM)
        assert process.wait(SOON) == 0


def test_what_is_not_http_ends_the_connection_and_nothing_else(start, connect):
    _, port = start()
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        client.sendall(b"hello\r\n\r\n")
        while client.recv(1000):
            pass
    assert get(connect(port), "/")[0].status == 200


def test_requests_fail_independently_and_alike_in_both_languages(start, connect):
    _, port = start(FAIL="0.1", SLOW="0.1", SLOW_MS="0", SEED="7")
    connection = connect(port)
    answers = [get(connection, "/") for _ in range(300)]
    drawn = chances(7)
    draws = [[next(drawn) for _ in ("fail", "slow", "reset")] for _ in answers]
    expected = [500 if fail < 0.1 else 200 for fail, _, _ in draws]
    assert expected == [answer.status for answer, _ in answers]
    assert {answer.getheader("X-Version") for answer, _ in answers} == {"v7"}
    assert 15 <= expected.count(500) <= 45


def test_two_processes_do_not_fail_at_the_same_requests(start, connect):
    def statuses():
        connection = connect(start(FAIL="0.5")[1])
        return [get(connection, "/")[0].status for _ in range(64)]

    assert statuses() != statuses()


def test_a_slow_request_is_answered_later(start, connect):
    connection = connect(start(SLOW="1", SLOW_MS="300")[1])
    began = time.monotonic()
    assert get(connection, "/")[0].status == 200
    assert 0.3 <= time.monotonic() - began < 30


def test_a_reset_request_gets_no_answer_and_the_next_connection_is_taken(start, connect):
    _, port = start(RESET="1")
    for _ in range(2):
        with pytest.raises(ConnectionResetError) as raised:
            get(connect(port), "/")
        assert raised.type is ConnectionResetError  # and no orderly end, which is a subclass of it


def test_after_so_many_requests_the_next_ends_the_process(start, connect):
    process, port = start(CRASH_AFTER="3")
    connection = connect(port)
    assert [get(connection, "/")[0].status for _ in range(3)] == [200] * 3
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        get(connection, "/")
    assert process.wait(SOON) == 1


def test_the_health_page_is_spared(start, connect):
    connection = connect(start(FAIL="1", RESET="1", SLOW="1", CRASH_AFTER="1")[1])
    assert [get(connection, "/healthz")[0].status for _ in range(3)] == [200] * 3


def test_faults_in_a_file_win_and_change_while_it_runs(start, connect, tmp_path):
    file = tmp_path / "faults.json"
    connection = connect(start(FAIL="1", FAULTS=str(file))[1])

    def statuses():
        return [get(connection, path)[0].status for path in ("/", "/healthz")]

    assert statuses() == [500, 200]
    file.write_text('{"fail": 0, "unhealthy": true}')
    eventually(lambda: statuses() == [200, 503], "the file is read")
    file.unlink()
    eventually(lambda: statuses() == [500, 200], "it is seen to be gone")


@pytest.mark.parametrize("text", ["{", '{"fale": 1}', '{"fail": 2}', '{"fail": null}'])
def test_what_a_broken_file_said_before_still_holds(start, connect, tmp_path, text):
    file = tmp_path / "faults.json"
    file.write_text('{"unhealthy": 1}')
    connection = connect(start(FAULTS=str(file))[1])
    assert get(connection, "/healthz")[0].status == 503
    file.write_text(text)
    seen = time.monotonic() + 0.5  # it looks five times a second
    while time.monotonic() < seen:
        assert get(connection, "/healthz")[0].status == 503
    file.write_text("{}")
    eventually(lambda: get(connection, "/healthz")[0].status == 200, "the file is read")


def test_a_slow_boot_listens_later(start):
    began = time.monotonic()
    start(BOOT_SECONDS="0.7")
    assert time.monotonic() - began >= 0.7


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize("wrong", [{"FAIL": "5"}, {"RESET": "x"}, {"CRASH_AFTER": "-1"}])
def test_a_fault_that_cannot_be_is_refused_at_the_start(language, wrong):
    done = subprocess.run(COMMANDS[language], env={**os.environ, **wrong}, capture_output=True, text=True, check=False)
    ((name, value),) = wrong.items()
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: {name.lower()}: {value} is no ")


def test_it_keeps_connections_longer_than_the_balancer_does():
    seconds = re.findall(r"KEEP_ALIVE = (\d+)\.0 ", (FOLDER / "server.py").read_text())
    milliseconds = re.findall(r"KEEP_ALIVE = (\d+)_000;", (FOLDER / "server.js").read_text())
    assert seconds == milliseconds == ["75"]
    assert Cluster("any").idle <= 60


def visited(connection):
    """Status and what it says of a visit."""
    answer, body = get(connection, "/visits")
    return answer.status, json.loads(body)


def test_it_counts_visits_in_postgres_together_with_all_others(start, connect, database):
    told, _ = database
    one, other = (connect(start(SLUICE_VERSION=version, **told)[1]) for version in ("v1", "v2"))
    before = visited(one)[1]["visits"]
    seen = [visited(connection) for connection in (one, other, one)]
    assert [(status, said["version"], said["visits"] - before) for status, said in seen] == [
        (200, "v1", 1),
        (200, "v2", 2),
        (200, "v1", 3),
    ]


def test_a_wrong_password_is_told_and_a_right_one_is_read_anew(start, connect, database, tmp_path):
    file = tmp_path / "pgpass"
    file.write_text("*:*:*:app:other\n")
    connection = connect(start(**{**database[0], "PGPASSFILE": str(file)})[1])
    status, said = visited(connection)
    assert (status, said["error"]) == (503, 'the database is away: password authentication failed for user "app"')
    file.write_text(Path(database[0]["PGPASSFILE"]).read_text())
    assert visited(connection)[0] == 200


def test_without_its_database_it_serves_all_but_visits(start, connect, database):
    connection = connect(start(**{**database[0], "PGPORT": str(free())})[1])
    status, said = visited(connection)
    assert (status, said["error"].partition(":")[0]) == (503, "the database is away")
    assert [get(connection, path)[0].status for path in ("/", "/healthz")] == [200, 200]


def test_without_the_name_of_one_it_knows_no_visits(start, connect):
    assert get(connect(start()[1]), "/visits")[0].status == 404
