"""Files put on a volume, or taken from it, by a container that is never started.

In: a host, an image, a volume. Out: what is on it; docker.errors.APIError from a daemon that refuses.
"""

import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from docker.errors import NotFound

from components.docker.host import Host


@dataclass(frozen=True)
class Lender:
    """A volume in the hands of a `container`, at the folder `at`."""

    container: Any
    at: str

    def read(self, file: str) -> tuple[tarfile.TarInfo, str] | None:
        """Whose *file* is, and what is in it; None when there is none."""
        return read(self.container, f"{self.at}/{file}")

    def put(self, packed: bytes) -> None:
        """Unpack a tar into it."""
        self.container.put_archive(self.at, packed)


@contextmanager
def lender(host: Host, image: str, volume: str, at: str) -> Iterator[Lender]:
    """*volume*, which is made where there is none, while the block runs; of *image* nothing is run."""
    mounts = {volume: {"bind": at, "mode": "rw"}}
    container = host.client.containers.create(image, entrypoint=["none"], volumes=mounts, network_disabled=True)
    try:
        yield Lender(container, at)
    finally:
        container.remove(force=True, v=True)  # v: what the image itself declares; a named one stays


def read(container: Any, path: str) -> tuple[tarfile.TarInfo, str] | None:
    """Whose the file at *path* in *container* is, running or not, and what is in it; None when there is none."""
    try:
        stream, _ = container.get_archive(path)
    except NotFound:
        return None
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
        member = archive.next() or tarfile.TarInfo()
        held = archive.extractfile(member)
        return member, held.read().decode() if held else ""
