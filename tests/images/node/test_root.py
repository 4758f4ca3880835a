"""sluice/node as Docker runs it: small, nothing in it that is not needed, no root, drained by `docker stop`."""

import http.client
import json
import stat
import threading
import urllib.request

import pytest

from images.pins import MUSL, NODE
from images.root import DATE
from rehearsal import registry
from rehearsal.registry_client import KINDS
from tests.containers import contents, running
from tests.patience import PATIENCE, eventually

ALPINE_PULL, ALPINE_UNPACKED = 62.8e6, 155e6  # bytes of node:alpine
FILES = {
    "etc/group",
    "etc/passwd",
    "lib/ld-musl-x86_64.so.1",
    "usr/bin/node",
    "usr/lib/libgcc_s.so.1",
    "usr/lib/libstdc++.so.6",
    "usr/lib/sluice/health.js",
    "usr/lib/sluice/serve.js",
    "usr/share/licenses/musl",
    "usr/share/licenses/node-wheel",
    "usr/share/sluice/image.cdx.json",
}
DOCKERS = {".dockerenv", "dev/console", "etc/hostname", "etc/hosts", "etc/mtab", "etc/resolv.conf"}  # in any container
PORT = 8080
GRACE = 10  # seconds that `docker stop` gives it


@pytest.fixture
def address(docker_client, app_image):
    """Runs the app; gives its container and its address."""
    with running(docker_client, app_image, environment={"SLUICE_VERSION": "v7"}) as container:
        container.reload()
        host = next(iter(container.attrs["NetworkSettings"]["Networks"].values()))["IPAddress"]
        yield container, host


def get(host, path):
    """The app's answer; None while it does not listen."""
    connection = http.client.HTTPConnection(host, PORT, timeout=PATIENCE)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except ConnectionError:
        return None
    finally:
        connection.close()


def test_it_is_smaller_than_node_on_alpine_to_pull_and_unpacked(docker_client, node_image, tmp_path):
    shop = registry.start(tmp_path)
    try:
        reference = shop.push(docker_client, node_image.id, "node:1")
        asked = urllib.request.Request(
            f"{shop.url}/v2/node/manifests/{reference.partition('@')[2]}", headers={"Accept": KINDS}
        )
        with urllib.request.urlopen(asked) as answer:
            pulled = sum(layer["size"] for layer in json.load(answer)["layers"])
    finally:
        registry.stop(tmp_path)
    assert pulled <= 0.70 * ALPINE_PULL
    assert node_image.attrs["Size"] <= 0.78 * ALPINE_UNPACKED


def test_nothing_is_in_it_but_node_and_what_it_needs(docker_client, node_image):
    with contents(docker_client, node_image) as archive:
        files = {one.name for one in archive if not one.isdir()} - DOCKERS
        hashed = {name for name in files if name.startswith("usr/lib/lib") and "-" in name}
        assert files - hashed == FILES
        assert len(hashed) == 2  # the two libraries, under the names that the wheel gave them
        assert {one.mtime for one in archive if one.name in FILES} == {DATE}


def test_nothing_is_setuid_and_nothing_but_tmp_is_anybodys_to_write(docker_client, node_image):
    with contents(docker_client, node_image) as archive:
        own = [one for one in archive if not one.issym() and one.name not in DOCKERS and not one.name.startswith("dev")]
        assert [one.name for one in own if one.mode & (stat.S_ISUID | stat.S_ISGID)] == []
        assert [one.name for one in own if one.mode & stat.S_IWOTH] == ["tmp"]
        assert {(one.uid, one.gid) for one in own} == {(0, 0)}


def test_its_bill_names_what_is_in_it(node_image, bill):
    said = bill(node_image)
    assert said["node"] == NODE.version
    assert set(said) == {"node", MUSL.name, "libstdc++", "libgcc"}


def test_it_runs_as_a_numeric_user_who_is_known_by_name(address):
    container, _ = address
    code, said = container.exec_run(["/usr/bin/node", "-p", "[process.getuid(), os.userInfo().username, os.tmpdir()]"])
    assert (code, said.decode()) == (0, "[ 10001, 'node', '/tmp' ]\n")
    assert container.exec_run(["sh", "-c", "id"])[0] != 0


def test_what_is_layered_on_it_inherits_user_health_check_and_start(app_image):
    told = app_image.attrs["Config"]
    assert told["User"] == "10001:10001"
    assert told["Healthcheck"]["Test"] == ["CMD", "/usr/bin/node", "/usr/lib/sluice/health.js"]
    assert [*told["Entrypoint"], *told["Cmd"]] == [
        "/usr/bin/node",
        "--require",
        "/usr/lib/sluice/serve.js",
        "server.js",
    ]


def test_the_layered_app_answers_and_becomes_healthy(docker_client, address):
    container, host = address
    eventually(lambda: get(host, "/") == (200, "v7 /\n"), "it answers")

    def health():
        return docker_client.api.inspect_container(container.id)["State"]["Health"]["Status"]

    eventually(lambda: health() == "healthy", "it is healthy")


@pytest.mark.parametrize(
    ("environment", "reason"), [({"PORT": "1"}, "/healthz: connect ECONNREFUSED 127.0.0.1:1\n"), ({}, "")]
)
def test_the_health_check_says_what_is_wrong(address, environment, reason):
    container, host = address
    eventually(lambda: get(host, "/") is not None, "it answers")
    code, said = container.exec_run(["/usr/bin/node", "/usr/lib/sluice/health.js"], environment=environment)
    assert (code, said.decode()) == (1 if reason else 0, reason)


def test_docker_stop_lets_a_request_end_and_is_done_with_it(address):
    container, host = address
    eventually(lambda: get(host, "/") is not None, "it answers")
    answers = []
    client = threading.Thread(target=lambda: answers.append(get(host, "/slow?ms=1000")))
    connections = (
        "require('fs').readFileSync('/proc/1/net/tcp', 'utf8').split('\\n').filter((l) => l.includes(' 01 ')).length"
    )
    client.start()
    eventually(lambda: container.exec_run(["/usr/bin/node", "-p", connections])[1] == b"1\n", "it is asked")
    container.stop(timeout=GRACE)
    client.join()
    assert answers == [(200, "v7 /slow\n")]
    assert container.wait()["StatusCode"] == 0
