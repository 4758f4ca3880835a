"""What an image costs: bytes to pull and unpacked, seconds to the first answer, memory while it serves.

In: a Docker client and names of images that answer HTTP at port 8080. Out: a row each. The starts are made in turn, so
that a busy minute hits all alike, and the middle one counts. Sizes alone can be had by packing the program itself: its
start and its memory show what that costs.
"""

import contextlib
import http.client
import io
import socket
import statistics
import tarfile
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import docker
from docker.errors import APIError, ImageNotFound
from docker.models.containers import Container
from docker.models.images import Image
from rich.table import Table

from images.errors import ImageError

PORT = "8080/tcp"
LIMIT = 30.0  # seconds until the first answer
LOOK = 0.005


@dataclass(frozen=True)
class Figures:
    """`pull`, `unpacked`: bytes; `start`: seconds; `own`: bytes of memory that no other container can share."""

    image: str
    pull: int
    unpacked: int
    start: float
    own: int


def measure(client: docker.DockerClient, names: Sequence[str], times: int) -> list[Figures]:
    """A row for each name; ImageError for an image that is not there, or does not answer."""
    try:
        images = {name: client.images.get(name) for name in names}
    except ImageNotFound as error:
        raise ImageError(f"{error.explanation}; build it first: python -m images node") from None
    runs: dict[str, list[tuple[float, int]]] = {name: [] for name in names}
    for _ in range(times):
        for name in names:
            runs[name].append(_run(client, name))
    return [
        Figures(
            name,
            packed(image),
            image.attrs["Size"],
            statistics.median(start for start, _ in runs[name]),
            int(statistics.median(own for _, own in runs[name])),
        )
        for name, image in images.items()
    ]


def packed(image: Image) -> int:
    """Bytes of the image's layers by gzip; what Docker itself pushes is packed faster, and 3 percent more."""
    saved = io.BytesIO(b"".join(image.save()))
    with tarfile.open(fileobj=saved) as archive:
        layers = [member for member in archive if member.name.endswith("/layer.tar") or _is_tar(archive, member)]
        return sum(_gzipped(archive, member) for member in layers)


def table(rows: Sequence[Figures]) -> Table:
    """The rows as a person reads them; ratios are to the last row."""
    shown = Table("image", "to pull", "unpacked", "first answer", "own memory", box=None, pad_edge=False)
    last = rows[-1]
    for row in rows:
        shown.add_row(
            row.image,
            f"{row.pull / 1e6:.1f} MB ({row.pull / last.pull:.2f})",
            f"{row.unpacked / 1e6:.1f} MB ({row.unpacked / last.unpacked:.2f})",
            f"{row.start:.2f} s ({row.start / last.start:.2f})",
            f"{row.own / 1e6:.1f} MB ({row.own / last.own:.2f})",
        )
    return shown


def _run(client: docker.DockerClient, name: str) -> tuple[float, int]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    began = time.monotonic()
    with _started(client, name, port) as container:
        _first_answer(container, port)
        return time.monotonic() - began, _own_memory(container)


@contextlib.contextmanager
def _started(client: docker.DockerClient, name: str, port: int) -> Iterator[Container]:
    try:
        container = client.containers.run(name, detach=True, ports={PORT: ("127.0.0.1", port)})
    except APIError as error:
        raise ImageError(f"{name} does not start: {error.explanation}") from None
    try:
        yield container
    finally:
        container.remove(force=True, v=True)


def _first_answer(container: Container, port: int) -> None:
    until = time.monotonic() + LIMIT
    while time.monotonic() < until:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT)
        try:
            connection.request("GET", "/")
            if connection.getresponse().status == 200:
                return
        except (OSError, http.client.HTTPException):
            time.sleep(LOOK)  # Docker accepts for a container that does not listen yet, and resets
        finally:
            connection.close()
    raise ImageError(f"{container.name}: no answer of 200 in {LIMIT:.0f} s: {container.logs(tail=3).decode()}")


def _own_memory(container: Container) -> int:
    """Anonymous memory: what is mapped from the image's files is shared by all containers of it, and can be let go."""
    told = cast(dict[str, Any], container.stats(stream=False))
    stats = told["memory_stats"]["stats"]
    return stats["anon"] if "anon" in stats else stats["total_rss"]


def _is_tar(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bool:
    """Since Docker 25 layers are blobs among others, known by their content."""
    if not (member.isfile() and member.name.startswith("blobs/")):
        return False
    content = archive.extractfile(member)
    assert content is not None
    content.seek(257)
    return content.read(5) == b"ustar"


def _gzipped(archive: tarfile.TarFile, member: tarfile.TarInfo) -> int:
    content = archive.extractfile(member)
    assert content is not None
    packer, size = zlib.compressobj(6, zlib.DEFLATED, 31), 0
    while block := content.read(1 << 20):
        size += len(packer.compress(block))
    return size + len(packer.flush())
