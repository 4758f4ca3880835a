"""What a killed run left on a real daemon is taken away before it is made again, unless it serves."""

from collections.abc import Iterator
from typing import Any

import pytest

from components.docker import names
from components.docker.host import Host
from components.docker.remnants import NETWORK, Remnants
from images import build, fetch
from rollout.errors import RefusedError, RouterError
from rollout.routers.interface import Live

CONTAINER = "docker:index/container:Container"
SERVICE = "left"


@pytest.fixture(scope="module")
def image(docker_client) -> str:
    """One that goes on running with `envoy` for a command; any would do."""
    build.build_router(docker_client, fetch.cache(), lambda _: None)
    return "sluice/router:latest"


@pytest.fixture
def made(docker_client) -> Iterator[Any]:
    """The daemon's client; what a test makes for the service is taken away."""
    yield docker_client
    for container in docker_client.containers.list(all=True, filters={"label": f"{names.SERVICE}={SERVICE}"}):
        container.remove(force=True)
    for network in docker_client.networks.list(names=[names.network(SERVICE)]):
        network.remove()


def remnants(docker_host: str, **shares: int) -> Remnants:
    """Of a service whose router says that *shares* are live."""
    return Remnants(SERVICE, Host(docker_host), lambda: Live(shares, None))


def inputs(version: str = "v1", stack: str = "dev", address: str = "10.205.2.0") -> dict[str, Any]:
    """What a slice's container is made of."""
    of = {names.SERVICE: SERVICE, names.VERSION: version, names.STACK: stack, names.ADDRESS: address}
    return {"labels": [{"label": name, "value": value} for name, value in of.items()]}


def left(client: Any, image: str, labels: list[dict[str, str]], name: str | None = None) -> Any:
    """A container with *labels* that runs."""
    given = {one["label"]: one["value"] for one in labels}
    command = ["-c", "exec sleep 300"]
    return client.containers.run(image, command, entrypoint=["sh"], detach=True, labels=given, name=name)


def there(client: Any) -> int:
    return len(client.containers.list(all=True, filters={"label": f"{names.SERVICE}={SERVICE}"}))


def test_a_slices_container_goes_and_no_other(made, docker_host, image):
    for one in (inputs(), inputs(stack="other"), inputs(address="10.205.2.1"), inputs("v2", address="10.205.3.0")):
        left(made, image, one["labels"])
    remnants(docker_host, v2=1000).clear(CONTAINER, inputs())
    assert there(made) == 3
    remnants(docker_host, v2=1000).clear(CONTAINER, inputs())
    assert there(made) == 3


def test_one_whose_slice_has_a_share_stays(made, docker_host, image):
    left(made, image, inputs()["labels"])
    with pytest.raises(RefusedError, match=r"serves \(v1 30 · v2 70 is live\), and this stack's state does not know"):
        remnants(docker_host, v1=300, v2=700).clear(CONTAINER, inputs())
    assert there(made) == 1


def test_a_router_goes_that_nobody_is_served_by(made, docker_host, image):
    labels = [{"label": names.SERVICE, "value": SERVICE}]
    left(made, image, labels, names.router(SERVICE))
    left(made, image, inputs()["labels"])
    with pytest.raises(RefusedError, match=r"left-router on .* serves"):
        remnants(docker_host, v1=1000).clear(CONTAINER, {"labels": labels})
    assert there(made) == 2
    remnants(docker_host).clear(CONTAINER, {"labels": labels})
    assert there(made) == 1


def test_a_network_goes_that_nobody_is_on(made, docker_host, image):
    network = made.networks.create(names.network(SERVICE))
    container = left(made, image, inputs()["labels"])
    network.connect(container)
    remnants(docker_host).clear(NETWORK, {"name": network.name})
    assert made.networks.list(names=[network.name])
    network.disconnect(container, force=True)
    remnants(docker_host).clear(NETWORK, {"name": network.name})
    assert made.networks.list(names=[network.name]) == []


def test_a_daemon_that_refuses_is_told(docker_host):
    gone = Remnants(SERVICE, Host(docker_host), lambda: None)
    gone.host.client.api.base_url = "http+docker://localhost/nowhere"
    with pytest.raises(RouterError, match="take away what a killed run left"):
        gone.clear(NETWORK, {"name": names.network(SERVICE)})
