"""sluice/router as Docker runs it: Envoy on a volume of its own user's, written to and asked by `exec`."""

import base64
import http.client

import pytest

from images.pins import BUSYBOX, ENVOY, GLIBC
from images.router.root import ADMIN, COMMANDS, FOLDER
from rollout.envoy.config import Fixed, Listener, Match, Rule
from rollout.envoy.resources import document, listener
from rollout.envoy.routes import routes
from tests.containers import contents, running
from tests.patience import PATIENCE, eventually

PORT = 8080


@pytest.fixture
def router(docker_client, router_image):
    """A router on a new volume; gives its container."""
    volume = docker_client.volumes.create()
    try:
        with running(docker_client, router_image, volumes={volume.name: {"bind": FOLDER}}) as container:
            eventually(
                lambda: asked(container, "ready") == "LIVE\n", "it is live", log=lambda: container.logs().decode()
            )
            yield container
    finally:
        volume.remove()


def asked(container, page):
    """What the admin page says, by one exec."""
    code, said = container.exec_run(["wget", "-qO-", f"http://127.0.0.1:{ADMIN}/{page}"])
    return said.decode() if code == 0 else None


def write(container, file, text):
    """Write a file of the volume, by one exec."""
    script = 'printf %s "$1" | base64 -d >"$0.new" && mv "$0.new" "$0"'
    code, said = container.exec_run(["sh", "-c", script, f"{FOLDER}/{file}", base64.b64encode(text.encode()).decode()])
    assert code == 0, said


def test_a_new_volume_is_of_envoys_user_who_may_write_there(router):
    write(router, "any.json", "{}")
    found = router.exec_run(["/bin/busybox", "stat", "-c", "%u %g", FOLDER, f"{FOLDER}/any.json"])[1]
    assert found == b"101 101\n101 101\n"
    assert router.exec_run(["sh", "-c", "echo >/usr/bin/other"])[0] != 0


def test_what_is_renamed_into_place_is_followed_without_a_restart(router):
    for code in (200, 418):
        entry = Listener("service", PORT, [Rule(Match(), Fixed(code))], "0.0.0.0")
        text, version = document([routes(entry)])
        write(router, "rds-service.json", text)
        write(router, "lds.json", document([listener(entry, FOLDER)])[0])
        eventually(lambda version=version: f'"{version}"' in (asked(router, "config_dump") or ""), "it is followed")
        eventually(lambda code=code: status(router) == code, f"it answers {code}")


def status(router):
    """What its listener answers; None while it does not listen."""
    router.reload()
    host = next(iter(router.attrs["NetworkSettings"]["Networks"].values()))["IPAddress"]
    connection = http.client.HTTPConnection(host, PORT, timeout=PATIENCE)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    except ConnectionError:
        return None
    finally:
        connection.close()


def test_its_admin_page_is_on_its_own_loopback_alone(router):
    router.reload()
    host = next(iter(router.attrs["NetworkSettings"]["Networks"].values()))["IPAddress"]
    connection = http.client.HTTPConnection(host, ADMIN, timeout=PATIENCE)
    with pytest.raises(ConnectionRefusedError):
        connection.request("GET", "/ready")


def test_it_becomes_healthy(docker_client, router):
    def health():
        return docker_client.api.inspect_container(router.id)["State"]["Health"]["Status"]

    eventually(lambda: health() == "healthy", "it is healthy")


def test_nothing_is_in_it_but_envoy_its_libraries_and_a_few_commands(docker_client, router_image, bill):
    with contents(docker_client, router_image) as archive:
        names = {one.name for one in archive}
        assert {name.removeprefix("bin/") for name in names if name.startswith("bin/")} - {""} == {"busybox", *COMMANDS}
        assert {name for name in names if name.startswith("usr/bin/")} - {"usr/bin/"} == {"usr/bin/envoy"}
        assert [one.name for one in archive if one.mode & 0o6000 and not one.name.startswith("dev")] == []
    said = bill(router_image)
    assert said["envoy"] == ENVOY.version
    assert set(said) == {"envoy", GLIBC.name, BUSYBOX.name}
