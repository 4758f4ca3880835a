"""The balancer: the real Envoy before real processes, with real requests."""

import contextlib
import http.client
import http.server
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rehearsal.cloud.balancer import Balancer, BalancerError, Count
from rehearsal.cloud.loopback import free
from rehearsal.load import Load, dropped
from rollout.envoy.config import Action, Cluster, Endpoint, Fixed, Forward, HealthCheck, Listener, Match, Redirect, Rule
from tests.patience import PATIENCE, eventually

SAMPLE = Path(__file__).parents[3] / "rehearsal" / "sample"
NODE = shutil.which("node")
CHECK = HealthCheck("/healthz", interval=1, timeout=1)
HERE = "127.0.0.1"
ANY = Match()


@dataclass
class Service:
    """A process of the sample service."""

    process: subprocess.Popen[str]
    endpoint: Endpoint

    def end(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


@pytest.fixture
def serve() -> Iterator[Callable[..., Service]]:
    """Starts a process of the sample service for a version, with more environment."""
    processes = []

    def start(version: str, **environment: str) -> Service:
        command = [NODE, str(SAMPLE / "server.js")] if NODE else [sys.executable, str(SAMPLE / "server.py")]
        more = {"HOST": HERE, "PORT": "0", "SLUICE_VERSION": version, **environment}
        process = subprocess.Popen(command, env={**os.environ, **more}, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        assert process.stdout
        return Service(process, Endpoint(HERE, int(process.stdout.readline().rpartition(":")[2])))

    yield start
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def balancer(tmp_path: Path) -> Iterator[Balancer]:
    one = Balancer(tmp_path / "balancer")
    one.start()
    yield one
    one.stop()


@pytest.fixture
def port() -> int:
    return free()


def forward(port: int, **weights: int) -> list[Listener]:
    """One listener that splits everything by weight."""
    return [Listener("web", port, (Rule(ANY, Forward(weights)),))]


def group(name: str, *services: Service, **more: Any) -> tuple[Cluster, list[Endpoint]]:
    return Cluster(name, CHECK, **more), [service.endpoint for service in services]


def get(port: int, path: str = "/", method: str = "GET", **headers: str) -> tuple[int, str, dict[str, str]]:
    """Status, body and headers (names in lower case) of one request over a connection of its own."""
    connection = http.client.HTTPConnection(HERE, port, timeout=PATIENCE)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), {name.lower(): value for name, value in answer.getheaders()}
    finally:
        connection.close()


def healthy(balancer: Balancer, name: str, number: int) -> Callable[[], bool]:
    return lambda: sum(state.healthy for state in balancer.targets().get(name, {}).values()) == number


@contextlib.contextmanager
def load(port: int, rate: float = 400) -> Iterator[list]:
    """Requests under way meanwhile; afterwards the list holds all answers, and enough of them to mean something."""
    answers: list = []
    sender = Load(f"http://{HERE}:{port}/", connections=8, rate=rate)
    began = time.monotonic()
    sender.start()
    try:
        yield answers
    finally:
        answers.extend(sender.stop())
    assert len(answers) > 0.5 * rate * (time.monotonic() - began)


# Under load


@pytest.mark.slow
def test_a_hundred_and_twenty_weight_changes_drop_nothing(balancer, serve, port):
    groups = [group("v1", serve("v1")), group("v2", serve("v2"))]
    balancer.apply(forward(port, v1=999, v2=0), groups)
    eventually(lambda: all(healthy(balancer, name, 1)() for name in ("v1", "v2")), "both are healthy")
    with load(port) as answers:
        for turn in range(120):
            balancer.apply(forward(port, v1=turn * 8, v2=999 - turn * 8), groups)
            time.sleep(0.03)
    assert dropped(answers) == []
    assert {answer.status for answer in answers} == {200}
    assert {answer.version for answer in answers} == {"v1", "v2"}
    eventually(lambda: sum(count.total for count in balancer.counts()) >= len(answers), "all are counted")
    totals = {count.cluster: count.total for count in balancer.counts()}
    assert totals == {name: sum(a.version == name for a in answers) for name in ("v1", "v2")}


@pytest.mark.slow
def test_targets_that_come_and_go_drop_nothing(balancer, serve, port):
    stays = serve("v1")
    balancer.apply(forward(port, v1=1), [group("v1", stays)])
    eventually(healthy(balancer, "v1", 1), "v1 is healthy")
    codes = []
    with load(port) as answers:
        for _ in range(12):
            comes = serve("v1")
            balancer.apply(forward(port, v1=1), [group("v1", stays, comes)])
            eventually(healthy(balancer, "v1", 2), "the newcomer is healthy")
            eventually(lambda comes=comes: balancer.connections(comes.endpoint) > 1, "the newcomer is asked")
            time.sleep(0.2)
            balancer.apply(forward(port, v1=1), [group("v1", stays)])
            eventually(lambda comes=comes: balancer.connections(comes.endpoint) == 0, "nobody is connected to it")
            codes.append(comes.end())
    assert dropped(answers) == []
    assert {answer.status for answer in answers} == {200}
    assert codes == [0] * 12


@pytest.mark.slow
def test_a_target_that_counts_as_ill_gets_nothing_and_drops_nothing(balancer, serve, port):
    one, other = serve("v1"), serve("v1")
    both, ill = [group("v1", one, other)], frozenset({("v1", one.endpoint)})
    balancer.apply(forward(port, v1=1), both)
    eventually(healthy(balancer, "v1", 2), "both are healthy")
    with load(port, rate=100) as answers:
        for _ in range(4):
            balancer.apply(forward(port, v1=1), both, ill)
            assert balancer.targets()["v1"][one.endpoint].reason == "Target.ResponseCodeMismatch"
            assert balancer.targets()["v1"][other.endpoint].healthy
            eventually(lambda: balancer.targets()["v1"][one.endpoint].active == 0, "its last request has ended")
            pids = {json.loads(get(port)[1])["pid"] for _ in range(10)}
            assert pids == {other.process.pid}
            balancer.apply(forward(port, v1=1), both)
            assert healthy(balancer, "v1", 2)()
            eventually(lambda: json.loads(get(port)[1])["pid"] == one.process.pid, "it is asked again")
    assert dropped(answers) == []


def test_when_all_targets_count_as_ill_each_is_asked(balancer, serve, port):
    one = serve("v1")
    balancer.apply(forward(port, v1=1), [group("v1", one)], frozenset({("v1", one.endpoint)}))
    eventually(lambda: get(port)[0] == 200, "it is asked")
    assert not balancer.targets()["v1"][one.endpoint].healthy


@pytest.mark.slow
def test_slices_that_come_and_go_drop_nothing(balancer, serve, port):
    groups = [group("v0", serve("v0"))]
    balancer.apply(forward(port, v0=1), groups)
    eventually(healthy(balancer, "v0", 1), "v0 is healthy")
    with load(port) as answers:
        for number in range(1, 9):
            old, name, service = groups[0], f"v{number}", serve(f"v{number}")
            groups = [group(name, service)]
            balancer.apply(forward(port, **{old[0].name: 1}), [old, *groups])
            eventually(healthy(balancer, name, 1), f"{name} is healthy")
            balancer.apply(forward(port, **{old[0].name: 1, name: 1}), [old, *groups])
            time.sleep(0.1)
            balancer.apply(forward(port, **{name: 1}), groups)  # weights, targets and cluster leave in one step
            eventually(lambda old=old: balancer.connections(old[1][0]) == 0, "nobody is connected to the former one")
    assert dropped(answers) == []
    assert [a.version for a in answers if a.version != ""] == [a.version for a in answers]
    assert {a.version for a in answers} == {f"v{number}" for number in range(9)}


@pytest.mark.slow
def test_other_settings_of_a_cluster_drop_nothing(balancer, serve, port):
    services = serve("v1"), serve("v1")
    balancer.apply(forward(port, v1=1), [group("v1", *services)])
    eventually(healthy(balancer, "v1", 2), "both are healthy")
    with load(port) as answers:
        for turn in range(20):
            policy = "LEAST_REQUEST" if turn % 2 else "ROUND_ROBIN"
            balancer.apply(forward(port, v1=1), [group("v1", *services, policy=policy)])
            time.sleep(0.1)
    assert dropped(answers) == []


def test_a_request_under_way_ends_well_while_its_target_leaves(balancer, serve, port):
    stays, goes = serve("v1"), serve("v2")
    balancer.apply(forward(port, v2=1), [group("v2", goes)])
    eventually(healthy(balancer, "v2", 1), "v2 is healthy")
    answers = []
    asking = threading.Thread(target=lambda: answers.append(get(port, "/slow?ms=1500")))
    asking.start()
    eventually(lambda: balancer.targets()["v2"][goes.endpoint].active == 1, "the request is under way")
    balancer.apply(forward(port, v1=1), [group("v1", stays)])
    assert balancer.connections(goes.endpoint) == 1
    assert goes.end() == 0
    asking.join(PATIENCE)
    assert [(status, headers["x-version"]) for status, _, headers in answers] == [(200, "v2")]
    assert balancer.connections(goes.endpoint) == 0


# Rules


def ask(balancer: Balancer, port: int, match: Match, action: Action | None = None) -> Callable[..., int]:
    """Makes a listener where only *match* gets 204 (or *action*) and the rest 404; asks it for a status."""
    balancer.apply([Listener("web", port, (Rule(match, action or Fixed(204)), Rule(ANY, Fixed(404))))], [])
    return lambda *args, **headers: get(port, *args, **headers)[0]


def test_the_isolation_header_reaches_a_slice_without_weight(balancer, serve, port):
    v1, v2 = serve("v1"), serve("v2")
    rules = (Rule(Match(headers=(("X-Slice", ("v2",)),)), Forward({"v2": 1})), Rule(ANY, Forward({"v1": 1, "v2": 0})))
    balancer.apply([Listener("web", port, rules)], [group("v1", v1), group("v2", v2)])
    eventually(lambda: all(healthy(balancer, name, 1)() for name in ("v1", "v2")), "both are healthy")
    assert {get(port)[2]["x-version"] for _ in range(20)} == {"v1"}
    assert {get(port, X_Slice=value)[2]["x-version"] for value in ("v2", "V2")} == {"v2"}
    assert {get(port, X_Slice=value)[2]["x-version"] for value in ("v22", "v", "xv2")} == {"v1"}


@pytest.mark.slow
def test_targets_and_weights_that_leave_in_one_step_drop_nothing(balancer, serve, port):
    services = {"v1": serve("v1"), "v2": serve("v2")}

    def move(to: str) -> None:
        groups = [group(name, *([service] if name == to else [])) for name, service in services.items()]
        balancer.apply(forward(port, **{name: int(name == to) for name in services}), groups)

    move("v1")
    with load(port, rate=800) as answers:
        for turn in range(100):
            move("v1" if turn % 2 else "v2")
            time.sleep(0.02)
    assert dropped(answers) == []
    assert {a.version for a in answers} == {"v1", "v2"}


def test_weights_share_the_requests_out(balancer, serve, port):
    groups = [group("v1", serve("v1")), group("v2", serve("v2"))]
    balancer.apply(forward(port, v1=900, v2=100), groups)
    eventually(lambda: all(healthy(balancer, name, 1)() for name in ("v1", "v2")), "both are healthy")
    with load(port) as answers:
        time.sleep(3)
    share = sum(a.version == "v2" for a in answers) / len(answers)
    assert 0.05 < share < 0.16  # of 600 requests at least; four standard deviations


def test_a_fixed_response_has_its_status_body_and_type(balancer, port):
    balancer.apply([Listener("web", port, (Rule(ANY, Fixed(503, "<p>later</p>", "text/html")),))], [])
    status, body, headers = get(port)
    assert (status, body, headers["content-type"]) == (503, "<p>later</p>", "text/html")


def test_no_weight_at_all_is_503_and_no_rule_is_404(balancer, serve, port):
    balancer.apply(forward(port, v1=0), [group("v1", serve("v1"))])
    assert get(port)[0] == 503
    balancer.apply([Listener("web", port)], [])
    assert get(port)[0] == 404


def test_a_redirect_sends_the_client_elsewhere(balancer, port):
    to = Redirect(302, scheme="https", host="shop.example", port=8443, path="/new", query="b=2")
    balancer.apply([Listener("web", port, (Rule(ANY, to),))], [])
    status, _, headers = get(port, "/old?a=1")
    assert (status, headers["location"]) == (302, "https://shop.example:8443/new?b=2")
    balancer.apply([Listener("web", port, (Rule(ANY, Redirect(scheme="https", port=443)),))], [])
    status, _, headers = get(port, "/old?a=1")
    assert (status, headers["location"]) == (301, f"https://{HERE}:443/old?a=1")


def test_paths_know_case_and_hosts_do_not(balancer, port):
    ask_path = ask(balancer, port, Match(paths=("/a/*", "/b?")))
    assert [ask_path(path) for path in ("/a/", "/a/x/y?q=1", "/bc", "/A/", "/b", "/bcd")] == [
        204,
        204,
        204,
        404,
        404,
        404,
    ]
    ask_host = ask(balancer, port, Match(hosts=("*.shop.example",)))
    hosts = ("a.shop.example", "A.Shop.Example:80", "shop.example", "a.shop.example.org")
    assert [ask_host("/", Host=host) for host in hosts] == [204, 204, 404, 404]


def test_every_condition_has_to_hold(balancer, port):
    match = Match(paths=("/a",), methods=("GET", "PUT"), headers=(("X-A", ("1", "2")),), queries=(("q", ("z*",)),))
    status = ask(balancer, port, match)
    assert status("/a?q=zoo", "PUT", X_A="2") == 204
    assert status("/a?q=zoo", "POST", X_A="2") == 404
    assert status("/a?q=zoo", "GET") == 404
    assert status("/a?q=oz", "GET", X_A="1") == 404
    assert status("/b?q=z", "GET", X_A="1") == 404


def test_odd_characters_mean_themselves(balancer, port):
    values = [r"a.b", r"(v1|v2)", r"[x]+", r"^$", r"\d", "a b", "#{}", "é"]
    for value in values:
        status = ask(balancer, port, Match(headers=(("X-A", (value,)),)))
        sent = value.encode().decode("latin-1")
        assert status("/", X_A=sent) == 204, value
        assert status("/", X_A="v1") == 404, value


# Health


@dataclass
class Switch:
    """A target whose health check answers *status*; *checks* counts them."""

    endpoint: Endpoint
    status: int = 200
    checks: int = 0


@pytest.fixture
def switch() -> Iterator[Switch]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(one.status)
            self.send_header("Content-Length", "0")
            self.end_headers()
            one.checks += self.path == "/healthz"

        def log_request(self, code: object = "-", size: object = "-") -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer((HERE, 0), Handler)
    one = Switch(Endpoint(HERE, server.server_port))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield one
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def silent() -> Iterator[Endpoint]:
    """A target that accepts connections and never answers."""
    with socket.create_server((HERE, 0)) as server:
        yield Endpoint(HERE, server.getsockname()[1])


def reasons(balancer: Balancer) -> dict[Endpoint, str]:
    """Of each target that was checked: why it is ill, or "healthy"."""
    states = balancer.targets()["v1"].items()
    return {endpoint: state.reason or "healthy" for endpoint, state in states if state.checked}


def test_a_target_is_unchecked_then_healthy_or_ill_with_the_reason(balancer, serve, silent, port):
    well, ill, none = serve("v1").endpoint, serve("v1", FAIL_HEALTH="1").endpoint, Endpoint(HERE, free())
    check = HealthCheck("/healthz", interval=1, timeout=2)
    balancer.apply(forward(port, v1=1), [(Cluster("v1", check), [well, ill, none, silent])])
    first = balancer.targets()["v1"][silent]
    assert (first.checked, first.healthy, first.reason) == (False, False, "")
    expected = {
        well: "healthy",
        ill: "Target.ResponseCodeMismatch",
        none: "Target.FailedHealthChecks",
        silent: "Target.Timeout",
    }
    eventually(lambda: reasons(balancer) == expected, "each was checked")
    assert balancer.targets()["v1"][well].healthy


def test_a_target_that_comes_back_is_unchecked_again(balancer, silent, port):
    balancer.apply(forward(port, v1=1), [(Cluster("v1", CHECK), [silent])])
    eventually(lambda: reasons(balancer) == {silent: "Target.Timeout"}, "it is ill")
    balancer.apply(forward(port, v1=1), [(Cluster("v1", CHECK), [])])
    balancer.apply(forward(port, v1=1), [(Cluster("v1", CHECK), [silent])])
    assert reasons(balancer) == {}


def test_the_first_passing_check_makes_healthy_and_then_the_thresholds_hold(balancer, switch, port):
    check = HealthCheck("/healthz", interval=1, timeout=1, healthy=2, unhealthy=2)
    switch.status = 503
    balancer.apply(forward(port, v1=1), [(Cluster("v1", check), [switch.endpoint])])
    eventually(lambda: reasons(balancer) == {switch.endpoint: "Target.ResponseCodeMismatch"}, "it is ill")

    def checks_until(reason: str) -> int:
        began = switch.checks
        eventually(lambda: reasons(balancer) == {switch.endpoint: reason}, reason)
        return switch.checks - began

    switch.status = 200
    assert checks_until("healthy") in (2, 3)  # it had failed, so it is no new target; one may have been under way
    switch.status = 503
    assert checks_until("Target.ResponseCodeMismatch") in (2, 3)


def test_a_new_target_is_healthy_from_its_first_passing_check_on(balancer, switch, port):
    check = HealthCheck("/healthz", interval=5, timeout=1, healthy=5)
    balancer.apply(forward(port, v1=1), [(Cluster("v1", check), [switch.endpoint])])
    eventually(lambda: reasons(balancer) == {switch.endpoint: "healthy"}, "it is healthy")
    assert switch.checks == 1


def test_other_codes_can_count_as_healthy(balancer, switch, port):
    switch.status = 404
    check = HealthCheck("/healthz", interval=1, codes=((200, 299), (404, 404)))
    balancer.apply(forward(port, v1=1), [(Cluster("v1", check), [switch.endpoint])])
    eventually(lambda: reasons(balancer) == {switch.endpoint: "healthy"}, "it is healthy")


def test_the_check_can_go_to_another_port(balancer, switch, silent, port):
    check = HealthCheck("/healthz", interval=1, port=switch.endpoint.port)
    balancer.apply(forward(port, v1=1), [(Cluster("v1", check), [silent])])
    eventually(lambda: reasons(balancer) == {silent: "healthy"}, "it is healthy")


def test_an_ill_target_gets_nothing_while_another_is_healthy(balancer, serve, port):
    well, ill = serve("well"), serve("ill", FAIL_HEALTH="1")
    balancer.apply(forward(port, v1=1), [group("v1", well, ill)])
    eventually(lambda: set(reasons(balancer).values()) == {"healthy", "Target.ResponseCodeMismatch"}, "one is ill")
    assert {get(port)[2]["x-version"] for _ in range(20)} == {"well"}


def test_when_none_is_healthy_all_get_traffic_or_none_as_the_cluster_says(balancer, serve, port):
    ill = serve("ill", FAIL_HEALTH="1")
    balancer.apply(forward(port, v1=1), [group("v1", ill)])
    eventually(lambda: reasons(balancer) == {ill.endpoint: "Target.ResponseCodeMismatch"}, "it is ill")
    assert get(port)[0] == 200
    balancer.apply(forward(port, v1=1), [group("v1", ill, fail_open=False)])
    eventually(lambda: get(port)[0] == 503, "it is not asked any more")


# Counts


@contextlib.contextmanager
def resets(after: bytes) -> Iterator[Endpoint]:
    """A target that takes a request, sends what comes *after* it and resets the connection."""
    server = socket.create_server((HERE, 0))

    def accept() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                client.recv(1000)
                client.sendall(after)
                if after:
                    client.shutdown(socket.SHUT_WR)
                    client.recv(1000)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    thread = threading.Thread(target=accept)
    thread.start()
    yield Endpoint(HERE, server.getsockname()[1])
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


@pytest.fixture
def resetting() -> Iterator[Endpoint]:
    with resets(b"") as target:
        yield target


@pytest.fixture
def breaking_off() -> Iterator[Endpoint]:
    with resets(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nnot") as target:
        yield target


def counted(balancer: Balancer, *expected: Count) -> bool:
    def order(count: Count) -> tuple[str, int]:
        return count.cluster, count.code

    return sorted(balancer.counts(), key=order) == sorted(expected, key=order)


def test_requests_are_counted_by_cluster_code_and_flags(balancer, serve, resetting, port):
    none = Endpoint(HERE, free())
    clusters = [
        (Cluster("answers"), [serve("v1").endpoint]),
        (Cluster("resets"), [resetting]),
        (Cluster("absent"), [none]),
        (Cluster("empty"), []),
    ]
    rules = tuple(Rule(Match(headers=(("X-To", (one.name,)),)), Forward({one.name: 1})) for one, _ in clusters)
    balancer.apply([Listener("web", port, (*rules, Rule(ANY, Fixed(404))))], clusters)
    assert [get(port, X_To="answers")[0] for _ in range(3)] == [200] * 3
    assert [get(port, path, X_To="answers")[0] for path in ("/none", "/slow?ms=x")] == [404, 400]
    assert [get(port, X_To="resets")[0] for _ in range(2)] == [502] * 2
    assert get(port, X_To="absent")[0] == 502
    assert get(port, X_To="empty")[0] == 503
    assert get(port)[0] == 404
    expected = [
        Count("web", "answers", 200, "-", 3),
        Count("web", "answers", 404, "-", 1),
        Count("web", "answers", 400, "-", 1),
        Count("web", "resets", 502, "UC", 2),
        Count("web", "absent", 502, "UF", 1),
        Count("web", "empty", 503, "UH", 1),
        Count("web", "", 404, "-", 1),
    ]
    eventually(lambda: counted(balancer, *expected), "all are counted")


def test_answers_are_counted_by_the_time_that_they_took_to_begin(balancer, serve, port):
    balancer.apply(forward(port, v1=1), [(Cluster("v1"), [serve("v1").endpoint])])
    for wait in (0, 110, 260, 301):
        assert get(port, f"/slow?ms={wait}")[0] == 200
    eventually(lambda: sum(one.total for one in balancer.times()) == 4, "all times are counted")
    assert {(one.listener, one.cluster) for one in balancer.times()} == {("web", "v1")}
    assert {one.within: one.total for one in balancer.times() if one.within > 100} == {150: 1, 300: 1, 350: 1}


def test_an_answer_that_breaks_off_had_begun(balancer, breaking_off, port):
    balancer.apply(forward(port, v1=1), [(Cluster("v1"), [breaking_off])])
    with pytest.raises(http.client.IncompleteRead):
        get(port)
    eventually(lambda: counted(balancer, Count("web", "v1", 200, "UPE", 1)), "it is counted")
    eventually(lambda: sum(one.total for one in balancer.times()) == 1, "its time is counted")


def test_what_no_target_answered_took_no_time(balancer, serve, resetting, port):
    balancer.apply(forward(port, resets=1), [(Cluster("resets"), [resetting])])
    assert get(port)[0] == 502
    balancer.apply(forward(port, v1=1), [(Cluster("v1"), [serve("v1").endpoint])])
    assert get(port)[0] == 200
    eventually(balancer.times, "a time is counted")
    assert {one.cluster for one in balancer.times()} == {"v1"}


def test_a_client_that_leaves_is_counted_without_a_code(balancer, serve, port):
    balancer.apply(forward(port, v1=1), [(Cluster("v1"), [serve("v1").endpoint])])
    with socket.create_connection((HERE, port), timeout=PATIENCE) as client:
        client.sendall(b"GET /slow?ms=5000 HTTP/1.1\r\nHost: x\r\n\r\n")
        eventually(lambda: sum(state.active for state in balancer.targets()["v1"].values()) == 1, "it is under way")
    eventually(lambda: counted(balancer, Count("web", "v1", 0, "DC", 1)), "it is counted")


def test_a_silent_target_is_given_up_after_the_idle_time(balancer, silent, port):
    listener = Listener("web", port, (Rule(ANY, Forward({"v1": 1})),), idle=1)
    balancer.apply([listener], [(Cluster("v1"), [silent])])
    assert get(port)[0] == 504
    eventually(lambda: counted(balancer, Count("web", "v1", 504, "SI", 1)), "it is counted")


# What is told to Envoy


def test_counts_and_listeners_outlive_clusters_and_a_name_can_come_back(balancer, serve, port):
    groups = [(Cluster("v1"), [serve("v1").endpoint])]
    for turn in range(1, 4):
        balancer.apply(forward(port, v1=1), groups)
        assert get(port)[0] == 200
        eventually(lambda turn=turn: counted(balancer, Count("web", "v1", 200, "-", turn)), "it is counted")
        balancer.apply([], [])
        assert balancer.targets() == {}
        with pytest.raises(ConnectionRefusedError):
            get(port)


def test_what_does_not_change_is_not_written(balancer, serve, port, tmp_path):
    groups = [group("v1", serve("v1")), group("v2", serve("v2"))]
    balancer.apply(forward(port, v1=1, v2=1), groups)
    files = {file.name: file.stat().st_ino for file in (tmp_path / "balancer").glob("?ds*.json")}
    balancer.apply(forward(port, v1=1, v2=2), groups)
    again = {file.name: file.stat().st_ino for file in (tmp_path / "balancer").glob("?ds*.json")}
    assert {name for name in again if files.get(name) != again[name]} == {"rds-web.json"}
    assert set(again) == {"cds.json", "lds.json", "rds-web.json", "eds-v1.json", "eds-v2.json"}


def test_a_rule_to_no_cluster_is_refused_and_nothing_changes(balancer, serve, port):
    balancer.apply(forward(port, v1=1), [(Cluster("v1"), [serve("v1").endpoint])])
    with pytest.raises(BalancerError, match="listener web sends to v2: no such cluster given"):
        balancer.apply(forward(port, v1=1, v2=1), [(Cluster("v1"), [])])
    assert get(port)[0] == 200


@pytest.mark.slow  # it waits until Envoy had its time
def test_a_taken_port_is_told_and_can_be_corrected(balancer, port):
    with (
        socket.create_server((HERE, port), reuse_port=True),
        pytest.raises(BalancerError, match=r"listener_manager\.lds.*in use"),
    ):
        balancer.apply([Listener("web", port, (Rule(ANY, Fixed(200)),))], [])
    balancer.apply([Listener("web", port, (Rule(ANY, Fixed(200)),))], [])
    assert get(port)[0] == 200


def test_two_balancers_do_not_disturb_each_other(balancer, tmp_path, port):
    other = Balancer(tmp_path / "other")
    other.start()
    try:
        elsewhere = free(frozenset({port}))
        balancer.apply([Listener("web", port, (Rule(ANY, Fixed(201)),))], [])
        other.apply([Listener("web", elsewhere, (Rule(ANY, Fixed(202)),))], [])
        assert (get(port)[0], get(elsewhere)[0]) == (201, 202)
    finally:
        other.stop()


def test_envoy_says_nothing_against_what_it_is_told(balancer, serve, port, tmp_path):
    balancer.apply(forward(port, v1=1), [group("v1", serve("v1"))])
    said = (tmp_path / "balancer" / "envoy.log").read_text()
    assert said == ""
