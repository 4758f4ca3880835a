"""One release's slice of containers: what it is made from, and that it stays so."""

import pytest
from pulumi import ResourceHook, ResourceOptions

from components.config_docker import Container
from components.docker.slice import MADE_FROM, Slice, SliceArgs, cpus
from components.release import Release
from tests.configs import IMAGE
from tests.recording import RecordingCloud, Registered

AT = ("10.205.2.0", "10.205.2.1")


def made(cloud: RecordingCloud, **release) -> list[Registered]:
    """The containers of a release."""

    def program() -> None:
        args = SliceArgs(
            release=Release(version="v1", image=IMAGE, container=release.pop("container", Container()), **release),
            service="shop",
            at=AT,
            network="shop-slices",
            drain=20,
            let_go=ResourceHook("let-go", lambda _: None),
            rejoin=ResourceHook("rejoin", lambda _: None),
            clear=ResourceHook("clear", lambda _: None),
        )
        Slice("shop-v1", args, ResourceOptions())

    cloud.deploy(program)
    return cloud.all("Container")


def test_each_container_has_an_address_of_its_own_on_the_services_network_alone(cloud):
    networks = [one.inputs["networksAdvanced"] for one in made(cloud)]
    assert networks == [[{"name": "shop-slices", "ipv4Address": at, "aliases": ["v1"]}] for at in AT]
    labels = [{"label": "sluice.address", "value": at} for at in AT]
    assert [label in one.inputs["labels"] for label, one in zip(labels, cloud.all("Container"), strict=True)] == [
        True
    ] * 2
    assert [one.inputs.get("ports") for one in cloud.all("Container")] == [None, None]


def test_it_may_do_nothing_that_it_does_not_say(cloud):
    one = made(cloud)[0].inputs
    assert one["readOnly"] is True
    assert one["capabilities"] == {"drops": ["ALL"], "adds": []}
    assert one["securityOpts"] == ["no-new-privileges:true"]
    assert (one["memory"], one["memorySwap"], one["cpus"]) == (256, 256, "0.5")
    assert one["ulimits"] == [{"name": "nofile", "soft": 4096, "hard": 4096}]
    assert one["tmpfs"] == {"/tmp": "rw,noexec,nosuid,size=16m"}
    assert "user" not in one  # the image's own, which is looked at in preview


def test_what_it_says_otherwise_holds(cloud):
    limits = Container.model_validate(
        {"memory": 64, "cpus": 2, "user": "10001:10001", "writable": True, "tmp": 0, "capabilities": ["NET_RAW"]}
    )
    one = made(cloud, container=limits)[0].inputs
    assert (one["memory"], one["memorySwap"], one["cpus"], one["user"]) == (64, 64, "2.0", "10001:10001")
    assert one["capabilities"] == {"drops": ["ALL"], "adds": ["CAP_NET_RAW"]}
    assert (one["readOnly"], "tmpfs" in one) == (False, False)


def test_it_is_told_its_release_and_gets_secrets_as_files(cloud):
    one = made(cloud, env={"LOG": "debug"}, secrets={"DB": "/etc/sluice/db"})[0].inputs
    assert one["envs"] == ["DB=/run/secrets/DB", "HOST=0.0.0.0", "LOG=debug", "PORT=8080", "SLUICE_VERSION=v1"]
    assert one["mounts"] == [
        {"type": "bind", "source": "/etc/sluice/db", "target": "/run/secrets/DB", "readOnly": True}
    ]


def test_it_comes_back_after_a_restart_of_the_host_and_may_finish_its_requests(cloud):
    one = made(cloud)[0]
    assert (one.inputs["restart"], one.inputs["mustRun"], one.inputs["wait"]) == ("unless-stopped", True, False)
    assert (one.inputs["stopTimeout"], one.inputs["destroyGraceSeconds"]) == (20, 20)
    assert list(one.request.hooks.before_create) == ["clear"]
    assert list(one.request.hooks.before_update) == ["rejoin"]  # it cannot be started off its network
    assert list(one.request.hooks.before_delete) == ["let-go"]
    assert one.request.customTimeouts.delete == "620s"


def test_nothing_of_it_is_ever_changed(cloud):
    containers = made(cloud, env={"A": "b"}, secrets={"DB": "/etc/db"}, container=Container(user="1:1"))
    said = {key for one in containers for key in one.inputs}
    assert said - set(MADE_FROM) == {"mustRun", "wait"}
    assert [list(one.request.ignoreChanges) for one in containers] == [list(MADE_FROM)] * 2


def test_the_image_stays_on_the_host(cloud):
    made(cloud)
    image = cloud.one("RemoteImage").inputs
    assert image == {"name": IMAGE, "keepLocally": True}


def test_the_slice_is_known_by_its_content_once_it_stands(cloud):
    made(cloud)
    assert cloud.outputs[cloud.one("sluice:docker:Slice").urn]["group"] == f"v1 {IMAGE}"


@pytest.mark.parametrize(("number", "text"), [(0.5, "0.5"), (1.0, "1.0"), (2.25, "2.25"), (0.125, "0.125")])
def test_cpus_are_spelled_as_docker_reads_them_back(number, text):
    assert cpus(number) == text
