"""The Envoy router on a real Envoy, whose files and admin page a shell of this machine reaches."""

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from rehearsal.cloud.loopback import LOOPBACK, free
from rehearsal.cloud.proxy import Proxy
from rollout import mark as marks
from rollout.envoy import resources, service
from rollout.envoy.beside import LOOK
from rollout.envoy.config import Endpoint, Listener
from rollout.envoy.service import ENTRY, Group
from rollout.errors import ForeignError, RouterError
from rollout.mark import Mark
from rollout.routers.envoy import PAGE_OF_ROUTES, EnvoyRouter
from rollout.routers.interface import Live
from rollout.schema import Schema
from tests.patience import PATIENCE, eventually

MARK = Mark("0a1b2c3d", {"v1": 1000}, {"v2.0": 1000}, marks.Owner("ann", "host", 12, 34), 1_900_000_000)
CONTENTS = {"v1": "sha256:one", "v2.0": "sha256:two"}


@dataclass
class Place:
    """An Envoy, its folder, and what it serves at `url`."""

    proxy: Proxy
    folder: Path
    url: str

    def run(self, command: Sequence[str]) -> bytes:
        done = subprocess.run(command, check=False, capture_output=True, timeout=PATIENCE)
        if done.returncode:
            raise RouterError(done.stderr.decode(), passing=True)
        return done.stdout

    def router(self, **contents: str) -> EnvoyRouter:
        return EnvoyRouter(run=self.run, contents=contents or CONTENTS, folder=str(self.folder), admin=self.proxy.admin)

    def ask(self, **headers: str) -> tuple[int, str]:
        """Status and body of one answer."""
        request = urllib.request.Request(
            self.url, headers={"X-Slice" if k == "slice" else k: v for k, v in headers.items()}
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    port = free()
    (tmp_path / "bootstrap.json").write_text(json.dumps(resources.bootstrap(str(tmp_path), 0)))
    (tmp_path / "lds.json").write_text(
        resources.document([resources.listener(Listener(ENTRY, port), str(tmp_path))])[0]
    )
    for name, file in service.seed().items():
        (tmp_path / name).write_text(file)
    proxy = Proxy(tmp_path)
    proxy.start()
    try:
        yield Place(proxy, tmp_path, f"http://{LOOPBACK}:{port}/")
    finally:
        proxy.stop()


class App(BaseHTTPRequestHandler):
    """Answers with its server's name; ill: 503."""

    def do_GET(self) -> None:
        ill = getattr(self.server, "ill", False)
        text = getattr(self.server, "called", "").encode()
        self.send_response(503 if ill else 200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its base's
        pass


@pytest.fixture
def apps() -> Iterator[dict[str, ThreadingHTTPServer]]:
    """A target for each version."""
    servers = {}
    for version in CONTENTS:
        servers[version] = ThreadingHTTPServer((LOOPBACK, 0), App)
        servers[version].called = version
        Thread(target=servers[version].serve_forever, daemon=True).start()
    yield servers
    for server in servers.values():
        server.shutdown()
        server.server_close()


@pytest.fixture
def groups(apps: dict[str, ThreadingHTTPServer]) -> dict[str, Group]:
    return {
        version: Group(
            version=version,
            targets=(Endpoint(LOOPBACK, server.server_address[1]),),
            health="/healthz",
            header=f"{version}-salt",
        )
        for version, server in apps.items()
    }


@pytest.fixture
def router(place: Place, groups: dict[str, Group]) -> EnvoyRouter:
    """Both slices known and healthy, all of the traffic on v1."""
    router = place.router()
    router.declare(list(groups.values()))
    for version in groups:
        eventually(lambda version=version: router.health(version).ready, f"{version} is healthy")
    router.set_shares({"v1": 1000})
    return router


def test_before_the_first_share_nobody_is_served_and_nothing_is_live(place, groups):
    router = place.router()
    assert router.read() is None
    router.declare([groups["v1"]])
    assert router.read() is None
    assert place.ask() == (503, "No slice is declared here yet.")


def test_a_slice_without_a_share_is_reached_by_its_header_alone(router, place):
    assert place.ask() == (200, "v1")
    assert place.ask(slice="v2.0-salt") == (200, "v2.0")
    assert place.ask(slice="v2.0") == (200, "v1")
    assert place.ask(slice="V2.0-SALT") == (200, "v2.0")


def test_weights_are_set_read_back_and_true(router, place):
    router.set_shares({"v1": 250, "v2.0": 750})
    assert router.read() == Live({"v1": 250, "v2.0": 750}, None)
    answers = [place.ask()[1] for _ in range(200)]
    assert 20 < answers.count("v1") < 85
    router.set_shares({"v2.0": 1000})
    assert {place.ask()[1] for _ in range(20)} == {"v2.0"}


def test_what_is_set_already_may_be_set_again(place, groups):
    """As after a connection that broke between the write and its being read back."""
    router = place.router()
    router.declare(list(groups.values()))
    for shares in ({}, {"v1": 250, "v2.0": 750}, {"v1": 250, "v2.0": 750}):  # the first routes split as {} does
        router.set_shares(shares)
        assert router.read() == Live(shares, None)


def test_nobody_is_a_share_too(router, place):
    router.set_shares({})
    assert router.read() == Live({}, None)
    assert place.ask() == (503, "No slice is declared here yet.")


def test_a_mark_lies_beside_the_weights_until_it_is_taken_away(router):
    router.set_mark(MARK)
    assert router.read() == Live({"v1": 1000}, MARK)
    router.set_mark(None)
    assert router.read() == Live({"v1": 1000}, None)


def test_only_the_walk_that_is_on_is_asked_to_stop(router, place):
    other = place.router()
    assert not other.ask_stop(MARK.run)
    router.set_mark(MARK)
    assert not other.ask_stop("another")
    assert other.ask_stop(MARK.run)
    router.set_mark(marks.Mark(**{**vars(MARK), "until": MARK.until + 60}))  # renewed
    live = router.read()
    assert live is not None
    assert live.mark is not None
    assert live.mark.stop == marks.asker()
    router.set_mark(marks.Mark(**{**vars(MARK), "run": "ffffffff"}))
    live = router.read()
    assert live is not None
    assert live.mark is not None
    assert not live.mark.stop


def test_what_has_carried_everything_is_remembered_by_its_content(router, place):
    router.set_mark(MARK, ["v1"])
    router.set_mark(None, ["v2.0"])
    assert place.router().read() == Live({"v1": 1000}, None, frozenset({"v1", "v2.0"}))
    anew = place.router(v1="sha256:other", **{"v2.0": "sha256:two"})
    assert anew.read() == Live({"v1": 1000}, None, frozenset({"v2.0"}))


def test_what_the_data_is_at_is_recorded_beside_the_weights(router, place):
    router.set_schema(Schema(7, 8, migrating=True))
    assert place.router().read().schema == Schema(7, 8, migrating=True)
    (place.folder / "sluice" / "schema").write_text('"eight"')
    with pytest.raises(ForeignError, match=r"remove it in .*sluice in the router"):
        router.read()


def test_health_is_what_the_router_sees(router, apps):
    assert str(router.health("v2.0")) == "v2.0: 1 of 1 healthy"
    apps["v2.0"].ill = True
    eventually(lambda: not router.health("v2.0").ready, "it is seen to be ill")
    assert str(router.health("v2.0")) == "v2.0: 0 of 1 healthy (1 failing its check)"
    with pytest.raises(RouterError, match="the router knows no slice v9"):
        router.health("v9")


def test_a_slice_that_is_ill_gets_nothing_sent(router, place, apps):
    apps["v1"].ill = True
    eventually(lambda: not router.health("v1").ready, "it is seen to be ill")
    assert place.ask()[0] == 503
    assert place.ask(slice="v2.0-salt") == (200, "v2.0")


def test_another_slice_is_made_known_without_a_change_of_the_weights(router, place, groups):
    router.set_shares({"v1": 500, "v2.0": 500})
    third = Group(version="v3", targets=groups["v1"].targets, health="/", header="v3")
    router.declare([*groups.values(), third])
    assert router.read() == Live({"v1": 500, "v2.0": 500}, None)
    assert place.ask(slice="v3") == (200, "v1")


def test_nothing_is_made_known_while_a_walk_is_on(router, groups):
    router.set_mark(MARK)
    router.declare([*groups.values(), Group(version="v3", targets=groups["v1"].targets, health="/", header="v3")])
    with pytest.raises(RouterError, match="knows no slice v3"):
        router.health("v3")


def test_what_is_known_already_is_not_written_again(router, place, groups):
    before = {file: (place.folder / file).stat().st_mtime_ns for file in ("cds.json", "rds-service.json")}
    router.declare(list(groups.values()))
    assert {file: (place.folder / file).stat().st_mtime_ns for file in before} == before


def test_a_slice_that_left_is_neither_reached_nor_checked_any_more(router, place):
    router.forget("v2.0")
    assert place.ask(slice="v2.0-salt") == (200, "v1")
    with pytest.raises(RouterError, match="knows no slice"):
        router.health("v2.0")
    router.forget("v2.0")


def test_a_slice_that_carries_traffic_is_not_forgotten(router, place):
    with pytest.raises(RouterError, match="v1 still carries traffic"):
        router.forget("v1")
    assert place.ask() == (200, "v1")


def test_a_file_that_makes_no_sense_changes_nothing_and_is_told(router, place, monkeypatch):
    put = router._put
    monkeypatch.setattr("rollout.routers.envoy.TAKEN", 1.0)
    monkeypatch.setattr(router, "_put", lambda file, text: put(file, text[:-20]))
    with pytest.raises(RouterError, match="does not follow its new routes after 1 s: it keeps what it had"):
        router.set_shares({"v2.0": 1000})
    assert router.read() == Live({"v1": 1000}, None)
    assert place.ask() == (200, "v1")


def test_a_router_that_comes_back_has_its_weights_and_the_mark(router, place):
    router.set_shares({"v1": 300, "v2.0": 700})
    router.set_mark(MARK)
    place.proxy.stop()
    with pytest.raises(RouterError):
        router.read()
    place.proxy.admin = 0
    place.proxy.start()
    assert place.router().read() == Live({"v1": 300, "v2.0": 700}, MARK)


def test_an_answer_that_was_cut_short_is_to_be_asked_for_again_and_never_taken_for_another(router, place):
    router.set_shares({"v1": 750, "v2.0": 250})
    router.set_mark(MARK, ["v1"])
    whole = place.run(["sh", "-c", LOOK, str(place.folder), str(place.proxy.admin), PAGE_OF_ROUTES])
    for length in range(len(whole.rstrip())):
        cut = replace(router, run=lambda _, length=length: whole[:length])
        with pytest.raises(RouterError) as told:
            cut.read()
        assert told.value.passing


def test_an_answer_that_docker_lost_is_asked_for_again(router, place):
    lost = [b"", b""]
    forgetful = replace(router, run=lambda command: lost.pop() if lost else place.run(command))
    assert forgetful.read() == Live({"v1": 1000}, None)
    assert lost == []


def test_routes_that_someone_else_wrote_are_foreign(router, place):
    file = json.loads((place.folder / "rds-service.json").read_text())
    file["version_info"] = "theirs"
    file["resources"][0]["virtual_hosts"][0]["routes"][-1] = {"match": {"prefix": "/"}, "route": {"cluster": "v2.0"}}
    router._put("rds-service.json", json.dumps(file))
    eventually(lambda: place.ask() == (200, "v2.0"), "what they wrote is live")
    with pytest.raises(ForeignError, match="the router's last route does not split traffic"):
        router.read()
