"""What the container tests share: small images, made without a registry."""

import io
import secrets
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager

import docker
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
