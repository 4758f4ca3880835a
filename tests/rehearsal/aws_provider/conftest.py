"""The provider as the engine meets it: over gRPC, against moto, both in this process."""

from collections.abc import Iterator

import grpc
import pytest
from moto.ec2.models import ec2_backends
from moto.rds.models import rds_backends

from rehearsal.aws_provider.cloud import RETRY_SECONDS
from rehearsal.aws_provider.provider import AwsProvider
from rehearsal.cloud.backends import ACCOUNT, REGION
from tests.rehearsal.aws_provider.world import SERVICES, World
from tests.rehearsal.provider.engine import Engine, serving
from tests.world import served_moto


@pytest.fixture(scope="session")
def cloud() -> Iterator[str]:
    """The endpoint of a moto that lives as long as the tests."""
    with served_moto() as address:
        yield address


@pytest.fixture(scope="module", autouse=True)
def motos_own() -> None:
    """Amazon's images, and databases without a process: tests of the rehearsal cloud may have run here before."""
    rds_backends[ACCOUNT][REGION].reset()
    ec2 = ec2_backends[ACCOUNT][REGION]
    if not ec2.describe_images(owners=["amazon"]):
        ec2.reset()


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    """The address of a provider that is not configured."""
    with serving(AwsProvider()) as address:
        yield address


@pytest.fixture(scope="session", autouse=True)
def impatience() -> Iterator[None]:
    """Deletes give up soon."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(RETRY_SECONDS, "0.5")
        yield


@pytest.fixture(scope="module")
def engine(served: str, cloud: str) -> Iterator[Engine]:
    """An engine whose provider works against *cloud*."""
    with grpc.insecure_channel(served) as channel:
        one = Engine(channel)
        one.configure(
            region="us-east-1", accessKey="test", secretKey="test", endpoints=[dict.fromkeys(SERVICES, cloud)]
        )
        yield one


@pytest.fixture(scope="module")
def world(engine: Engine, cloud: str) -> Iterator[World]:
    """Resources made when a module's tests first ask for them, and deleted after its last."""
    made = World(engine, cloud)
    yield made
    made.destroy()
