"""What the container tests share: small images made without a registry, their files, containers that run."""

import io
import secrets
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import docker
from docker.models.containers import Container
from docker.models.images import Image


@contextmanager
def scratch_image(client: docker.DockerClient) -> Iterator[Image]:
    """An image of one small file, unlike any other, while the block runs."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        content = secrets.token_bytes(64)
        member = tarfile.TarInfo("file")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    name = f"sluice/test-{secrets.token_hex(4)}"
    client.api.import_image_from_data(packed.getvalue(), repository=name, tag="1")
    image = client.images.get(f"{name}:1")
    try:
        yield image
    finally:
        client.images.remove(image.id, force=True)


@contextmanager
def contents(client: docker.DockerClient, image: Image) -> Iterator[tarfile.TarFile]:
    """Every file of the image, with its owner and mode."""
    container = client.containers.create(image.id or "")
    try:
        with tarfile.open(fileobj=io.BytesIO(b"".join(cast(Iterator[bytes], container.export())))) as archive:
            yield archive
    finally:
        container.remove(v=True)


@contextmanager
def running(client: docker.DockerClient, image: Image, **options: Any) -> Iterator[Container]:
    """A container as a slice's are: read-only root, no capabilities, no new privileges, little memory."""
    container = client.containers.run(
        image.id or "",
        detach=True,
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges:true"],
        tmpfs={"/tmp": "rw,size=16m"},
        mem_limit="128m",
        memswap_limit="128m",
        **options,
    )
    try:
        yield container
    finally:
        container.remove(force=True, v=True)
