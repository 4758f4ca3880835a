"""What is refused on Docker: in a message to act on, in preview where that can see it, while v1 goes on serving."""

import io
import socket
import sys
import tarfile

import pytest
from docker.types import IPAMConfig, IPAMPool

from rehearsal.cloud.loopback import LOOPBACK, free
from rehearsal.registry import start, stop
from rehearsal.registry_client import User
from tests.e2e.conftest import ok
from tests.e2e.dock import ROUTER, SUBNET, Dock
from tests.e2e.refusals import AT_ONCE, answers, back, refused, release
from tests.patience import eventually

pytestmark = pytest.mark.usefixtures("unmoved")

OPS = (sys.executable, "-m", "ops")
NETWORK = "shop-slices"


def foreign(dock: Dock) -> str:
    """v2's image made out to be for another CPU, in the registry alone; its name by digest."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as changed, tarfile.open(fileobj=saved(dock, "shop-test:v2")) as held:
        for member in held:
            file = held.extractfile(member)
            content = file.read() if file else b""
            if member.name.endswith(".json") and member.name != "manifest.json":
                content = content.replace(b'"architecture":"amd64"', b'"architecture":"arm64"')
            member.size = len(content)
            changed.addfile(member, io.BytesIO(content.replace(b"shop-test:v2", b"shop-test:arm")))
    dock.client.images.load(made.getvalue())
    return dock.registry.push(dock.client, "shop-test:arm", "shop:arm")


def saved(dock: Dock, name: str) -> io.BytesIO:
    """The image as a file."""
    return io.BytesIO(b"".join(dock.client.images.get(name).save(named=True)))


def test_no_daemon_at_the_socket_is_said_in_one_line(dock, tmp_path):
    dock.place(host=f"unix://{tmp_path}/none.sock")
    refused(dock, f"sluice:docker.host: no Docker daemon answers at unix://{tmp_path}/none.sock", "systemctl")


def test_a_host_that_no_ssh_reaches_is_said_in_one_line(dock):
    at = f"ssh://deploy@{LOOPBACK}:{free()}"
    dock.place(host=at)
    refused(dock, f"sluice:docker.host: no Docker daemon answers at {at}", "Connection refused", "host: ssh://")


def test_a_digest_that_its_registry_does_not_know_is_refused(dock):
    name = f"{dock.registry.host}/shop@sha256:{'0' * 64}"
    release(dock, name)
    refused(dock, f"sluice:releases.v3.image: {name} is neither on unix://", "nor in its registry", "push it")


def test_an_image_whose_manifest_was_deleted_is_refused(dock):
    image = dock.build("v3", "ENV DELETED=1")
    dock.registry.delete(image)
    release(dock, image)
    refused(dock, f"sluice:releases.v3.image: {image} is neither on unix://", "push it")


def test_a_registry_that_is_down_stops_what_is_not_on_the_host_alone(dock):
    image = dock.build("v3", "ENV AWAY=1")
    dock.client.images.pull(dock.images["v2"])
    stop(dock.registry.home)
    try:
        release(dock, image)
        refused(dock, f"sluice:releases.v3.image: {image} is not on unix://", "cannot be asked", "connection refused")
        del dock.releases["v3"]
        dock.add("v2")
        dock.declare({"v2": 100}, **AT_ONCE)
        ok(dock.up())
        assert dock.ask() == (200, "v2")
        ok(dock.stage.run(*OPS, "rollback", "v1"))
        assert dock.ask() == (200, "v1")
        del dock.releases["v2"]
        dock.declare({"v1": 100})
        ok(dock.up())
    finally:
        start(dock.registry.home)


def test_without_credentials_a_registry_gives_nothing(dock, tmp_path):
    closed = start(tmp_path / "closed", User("clerk", "p:ss"))
    try:
        dock.build("v3", "ENV CLOSED=1")
        image = closed.push(dock.client, "shop-test:v3", "shop:3")
        release(dock, image)
        refused(dock, f"sluice:releases.v3.image: {image} is not on unix://", "refuses who asks", "docker login")
    finally:
        stop(tmp_path / "closed")


def test_an_image_for_another_cpu_is_refused_wherever_it_is(dock):
    image = foreign(dock)
    for told in ("is for arm64", "is for arm64"):
        release(dock, image)
        refused(dock, f"sluice:releases.v3.image: {image} {told}", "runs amd64", "an image for that CPU")
        dock.client.images.pull(image)


def test_an_image_that_runs_as_root_is_refused_until_a_user_is_named(dock):
    image = dock.build("v3", "USER 0")
    release(dock, image)
    for preview in (False, True):  # which the first `up` gets onto the host
        said = (f"sluice:releases.v3.image: {image} runs as 0", 'container: {user: "10001:10001"}')
        refused(dock, *said, preview=preview)
    assert dock.containers("v3") == []
    release(dock, image, container={"user": "10001:10001"})
    ok(dock.up())
    assert dock.ask() == (200, "v3")
    assert {one.attrs["Config"]["User"] for one in dock.containers("v3")} == {"10001:10001"}
    back(dock)


def test_a_changed_image_under_a_published_version_is_refused(dock):
    was, dock.releases["v1"] = dock.releases["v1"], {"image": dock.images["v2"]}
    dock.declare({"v1": 100})
    refused(dock, "sluice:releases.v1: image differs from what was published", was["image"], "under a new version")


def test_a_subnet_that_another_network_has_is_refused(dock):
    ipam = IPAMConfig(pool_configs=[IPAMPool(subnet="10.208.7.0/24")])
    theirs = dock.client.networks.create("theirs", ipam=ipam)
    try:
        dock.place(subnet="10.208.0.0/16", service="other")
        refused(
            dock, "sluice:docker.subnet: 10.208.0.0/16 overlaps with 10.208.7.0/24 of the network theirs", "another /16"
        )
    finally:
        theirs.remove()


def test_another_subnet_than_the_networks_own_is_refused(dock):
    dock.place(subnet="10.208.0.0/16")
    refused(
        dock, f"sluice:docker.subnet: 10.208.0.0/16: the network {NETWORK} is there with {SUBNET}", f"subnet: {SUBNET}"
    )


def test_a_port_that_someone_else_took_is_refused_and_freed_it_is_had(dock):
    dock.client.containers.get(ROUTER).remove(force=True)
    port = dock.port
    with socket.create_server((LOOPBACK, port)):
        done = dock.up()
        assert done.code != 0
        assert f"sluice:docker.port: {port} of {LOOPBACK} is taken" in done.text
        assert f"such as port: {port + 1}" in done.text
    holder = dock.client.containers.run(
        dock.images["v2"], detach=True, name="holder", ports={"8080/tcp": (LOOPBACK, port)}
    )
    try:
        refused(dock, f"sluice:docker.port: {port} of {LOOPBACK} is taken (the container holder publishes it)")
    finally:
        holder.remove(force=True)
    ok(dock.up())
    eventually(lambda: answers(dock) == (200, "v1"), "it serves again")
