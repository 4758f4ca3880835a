"""What is looked up on a real daemon before anything is made: the subnet, the port, images, their users, secrets."""

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi
import pytest
from docker.types import IPAMConfig, IPAMPool

from components.docker import entry, membership, preflight
from components.docker.host import Host
from components.settings import Settings, parse
from images import build, fetch
from rehearsal import registry
from rehearsal.cloud.loopback import LOOPBACK, free
from rehearsal.registry_client import User
from tests.configs import docker_config
from tests.containers import scratch_image

SUBNET = "10.209.0.0/16"
SPEC = {"container": {"user": "10001:10001"}}


@pytest.fixture
def host(docker_client, docker_host: str) -> Host:
    del docker_client
    return Host(docker_host)


@pytest.fixture
def network(docker_client) -> Iterator[Any]:
    """The network of a service `other`."""
    ipam = IPAMConfig(pool_configs=[IPAMPool(subnet=SUBNET)])
    made = docker_client.networks.create("other-slices", ipam=ipam)
    yield made
    made.remove()


def settings(service: str = "mine", **docker: Any) -> Settings:
    named = {"name": service, "port": 8080, "drain": 5}
    return parse(docker_config(service=named, docker={"subnet": SUBNET, "router": "nobody/router:1", **docker}))


def fault(image: str, host: Host, more: Mapping[str, Any] = SPEC, *, pull: bool = False) -> str:
    return preflight.fault({"image": image, **more}, host, pull=pull) or ""


def test_a_subnet_that_overlaps_is_refused_and_the_services_own_is_not(host, network):
    del network
    with pytest.raises(
        pulumi.RunError, match=r"sluice:docker.subnet: 10.209.0.0/16 overlaps with 10.209.0.0/16 of the"
    ):
        preflight.check(settings(), host)
    with pytest.raises(pulumi.RunError, match=r"subnet: 10.210.0.0/16: the network other-slices is there with 10.209"):
        preflight.check(settings("other", subnet="10.210.0.0/16"), host)
    with pytest.raises(pulumi.RunError, match=r"sluice:docker.router: nobody/router:1 is"):  # looked at next
        preflight.check(settings("other"), host)


def test_an_image_in_no_registry_that_answers(host):
    image = f"{LOOPBACK}:{free()}/shop@sha256:{'0' * 64}"
    said = fault(image, host)
    assert said.startswith(f"image: {image} is not on {host.url}, and its registry cannot be asked")
    assert "connection refused" in said
    assert "what is there already needs none" in said


def test_an_image_of_a_registry_that_wants_to_know_who_asks(host, docker_client, tmp_path):
    closed = registry.start(tmp_path, User("clerk", "word"))
    try:
        with scratch_image(docker_client) as made:
            image = closed.push(docker_client, made.id or "", "shop:1")
        said = fault(image, host)
    finally:
        registry.stop(tmp_path)
    assert "its registry refuses who asks" in said
    assert said.endswith("run `docker login` first")


def test_an_image_that_is_in_its_registry_is_pulled_by_an_up_alone_and_then_looked_into(host, docker_client, tmp_path):
    shop = registry.start(tmp_path)
    try:
        with scratch_image(docker_client) as made:
            image = shop.push(docker_client, made.id or "", "shop:1")
        missing = f"{shop.host}/shop@sha256:{'0' * 64}"
        assert fault(missing, host) == (
            f"image: {missing} is neither on {host.url} nor in its registry; push it, or write the digest of one that "
            "is there"
        )
        assert fault(image, host, {}) == ""
        assert docker_client.images.list(filters={"reference": f"{shop.host}/shop"}) == []
        assert fault(image, host, {}, pull=True).startswith(f"image: {image} runs as root")
        assert fault(image, host) == ""  # with a user
    finally:
        registry.stop(tmp_path)
    assert fault(image, host) == ""  # what is there needs no registry
    docker_client.images.remove(image)


def test_a_secret_whose_file_is_not_there(host, docker_client, tmp_path):
    (tmp_path / "db").write_text("hidden")
    with scratch_image(docker_client) as made:
        for name, told in (("db", ""), ("none", f"secrets.DB: {tmp_path}/none cannot be mounted on {host.url}")):
            more = {**SPEC, "secrets": {"DB": f"{tmp_path}/{name}"}}
            said = fault(made.id or "", host, more, pull=True)
            assert (said.partition(" (")[0], "hidden" in said) == (told, False)
        assert docker_client.containers.list(all=True, filters={"ancestor": made.id}) == []


def test_a_port_that_is_taken_and_an_interface_that_the_host_does_not_have(host, docker_client, network):
    image = build.build_router(docker_client, fetch.cache(), lambda _: None).id
    of = settings("other", port=free()).docker
    entry.probe(of, host, image, network.name)
    held = docker_client.containers.run(
        image,
        entrypoint=["cat"],
        stdin_open=True,
        detach=True,
        ports={"1/tcp": (LOOPBACK, of.port)},
        name="other-holder",
    )
    try:
        with pytest.raises(pulumi.RunError, match=rf"sluice:docker.port: {of.port} of {LOOPBACK} is taken \(.*holder"):
            entry.check("other", of, host)
        with pytest.raises(pulumi.RunError, match=rf"sluice:docker.port: {of.port} .*such as port: {of.port + 1}"):
            entry.probe(of, host, image, network.name)
    finally:
        held.remove(force=True)
    entry.check("other", of, host)
    away = of.model_copy(update={"interface": "192.0.2.7"})
    with pytest.raises(pulumi.RunError, match=r"sluice:docker.interface: 192.0.2.7 is no address of the host"):
        entry.probe(away, host, image, network.name)


def test_who_was_taken_off_the_network_is_put_back_at_its_address(host, docker_client, network):
    image = build.build_router(docker_client, fetch.cache(), lambda _: None).id
    labels = {"sluice.service": "other", "sluice.address": "10.209.2.3"}
    one = docker_client.containers.run(
        image, entrypoint=["cat"], stdin_open=True, detach=True, labels=labels, name="other-v1-0"
    )
    try:
        assert membership.astray("other", SUBNET, host) == ["other-v1-0"]
        membership.rejoin("other", SUBNET, host, "another id")
        assert membership.astray("other", SUBNET, host) == ["other-v1-0"]
        membership.rejoin("other", SUBNET, host)
        assert membership.astray("other", SUBNET, host) == []
        one.reload()
        assert one.attrs["NetworkSettings"]["Networks"]["other-slices"]["IPAddress"] == "10.209.2.3"
    finally:
        one.remove(force=True)
