"""The stand-in for pulumi-docker as the engine meets it: over gRPC, against a real daemon."""

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any
from uuid import uuid4

import grpc
import pytest
from docker.api.client import APIClient
from docker.errors import APIError

from rehearsal.docker_provider.provider import DockerProvider
from rehearsal.docker_provider.resources.removal import RETRY_SECONDS
from tests.rehearsal.docker_provider import images
from tests.rehearsal.provider.engine import Engine, Made, serving

CONTAINER = "docker:index/container:Container"
NETWORK = "docker:index/network:Network"
VOLUME = "docker:index/volume:Volume"
IMAGE = "docker:index/remoteImage:RemoteImage"
TAG = "docker:index/tag:Tag"
SLEEP = ["sleep", "1000"]


@pytest.fixture(scope="session", autouse=True)
def impatience() -> Iterator[None]:
    """Deletes give up soon."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(RETRY_SECONDS, "0.5")
        yield


@pytest.fixture(scope="session")
def client(docker_host: str) -> Iterator[APIClient]:
    """What another hand uses."""
    with closing(APIClient(base_url=docker_host, version="auto")) as one:
        yield one


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    """The address of a provider that is not configured."""
    with closing(DockerProvider()) as provider, serving(provider) as address:
        yield address


@pytest.fixture(scope="module")
def engine(served: str, docker_host: str) -> Iterator[Engine]:
    """An engine whose provider works against the daemon."""
    with grpc.insecure_channel(served) as channel:
        one = Engine(channel)
        one.configure(host=docker_host)
        yield one


@pytest.fixture(scope="session")
def registry() -> Iterator[images.Registry]:
    with images.registry() as one:
        yield one


@pytest.fixture(scope="session")
def shell(registry: images.Registry, client: APIClient) -> Iterator[str]:
    """An image by digest that is kept here: a shell, with a command of its own and no entrypoint."""
    reference = registry.push("shell", Cmd=SLEEP, Env=["PATH=/bin", "FROM=image"], WorkingDir="/tmp", User="0")
    client.pull(reference)
    yield reference
    client.remove_image(reference, force=True)


Make = Callable[..., Made]


@pytest.fixture
def make(engine: Engine, client: APIClient, shell: str) -> Iterator[Make]:
    """Makes a container of the shell, or another resource; all of it is gone after the test."""
    made: list[Made] = []

    def make(token: str = CONTAINER, **inputs: Any) -> Made:
        if token == CONTAINER:
            inputs = {"image": shell, **inputs}
        if token in (CONTAINER, NETWORK, VOLUME):
            inputs.setdefault("name", f"sluice-test-{uuid4().hex[:8]}")
        one = engine.made(token, **inputs)
        made.append(one)
        return one

    yield make
    for one in reversed(made):
        with suppress(grpc.RpcError):
            one.delete()


@pytest.fixture
def failing(engine: Engine, client: APIClient, shell: str) -> Iterator[Callable[..., pytest.ExceptionInfo]]:
    """Makes a container that cannot be made; what is left of it is gone after the test."""
    names = []

    def failing(**inputs: Any) -> pytest.ExceptionInfo[grpc.RpcError]:
        names.append(f"sluice-test-{uuid4().hex[:8]}")
        checked, failures = engine.check(CONTAINER, {"image": shell, "name": names[-1], **inputs})
        assert failures == {}
        with pytest.raises(grpc.RpcError) as caught:
            engine.create(CONTAINER, checked)
        return caught

    yield failing
    for name in names:
        with suppress(APIError):
            client.remove_container(name, force=True)
