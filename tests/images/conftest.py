"""The images, built once for all tests that look into them; skipped where no daemon or no Debian is."""

import json
import shutil
from collections.abc import Iterator

import docker
import pytest
from docker.models.images import Image

from images import build, fetch
from images.root import BOM
from tests.containers import contents


@pytest.fixture(scope="session")
def images_of_packages() -> None:
    """What images are put together from can be had here."""
    if not fetch.KEYRING.exists() or not shutil.which("apt-get"):
        pytest.skip("the packages of the images come from Debian, by its apt-get")


@pytest.fixture(scope="session")
def node_image(docker_client: docker.DockerClient, images_of_packages: None) -> Image:
    """sluice/node."""
    return docker_client.images.get(build.build_node(docker_client, fetch.cache(), lambda _: None).id)


@pytest.fixture(scope="session")
def router_image(docker_client: docker.DockerClient, images_of_packages: None) -> Image:
    """sluice/router."""
    return docker_client.images.get(build.build_router(docker_client, fetch.cache(), lambda _: None).id)


@pytest.fixture(scope="session")
def postgres_image(docker_client: docker.DockerClient, images_of_packages: None) -> Image:
    """sluice/postgres."""
    return docker_client.images.get(build.build_postgres(docker_client, fetch.cache(), lambda _: None).id)


@pytest.fixture(scope="session")
def app_image(docker_client: docker.DockerClient, node_image: Image) -> Iterator[Image]:
    """The example's app on sluice/node."""
    image, _ = docker_client.images.build(path=str(build.FOLDER / "node" / "example"), tag="sluice/test-app", rm=True)
    yield image
    docker_client.images.remove(image.id or "", force=True)


@pytest.fixture(scope="session")
def bill(docker_client: docker.DockerClient):
    """What an image says is in it: name → version."""

    def read(image: Image) -> dict[str, str]:
        with contents(docker_client, image) as archive:
            held = archive.extractfile(BOM)
            assert held
            return {one["name"]: one["version"] for one in json.load(held)["components"]}

    return read
