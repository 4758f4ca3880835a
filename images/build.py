"""Builds an image from the folder of its Dockerfile and the root that is put together for it.

In: a Docker client, which image, where packages are kept. Out: the image, tagged with its version and bare. ImageError
when a package or the daemon is missing; Docker's own last words when the build fails.
"""

import os
import shutil
import socket
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import APIError, BuildError, DockerException

from images.errors import ImageError
from images.fetch import Say
from images.node import root as node
from images.pins import ARCHITECTURE
from images.postgres import root as postgres
from images.router import root as router

FOLDER = Path(__file__).parent
LINUX = f"linux/{ARCHITECTURE}"
SOCKET = "unix:///var/run/docker.sock"
START = "start one (python -m rehearsal docker up), or name it in DOCKER_HOST"


@dataclass(frozen=True)
class Built:
    """An image that was built: its names, newest first, its id (`sha256:…`) and its unpacked bytes."""

    names: tuple[str, ...]
    id: str
    size: int


def build_node(client: docker.DockerClient, packages: Path, say: Say, plain: bool = False) -> Built:
    """`sluice/node:VERSION`, which is `sluice/node:latest` too; *plain*: `VERSION-plain`, with all its symbols."""

    def lay(into: Path, scratch: Path) -> str:
        return node.lay(into, packages, say, scratch, stripped=not plain)

    return _build(client, "node", lay, "-plain" if plain else "")


def build_router(client: docker.DockerClient, packages: Path, say: Say) -> Built:
    """`sluice/router:VERSION`, which is `sluice/router:latest` too."""
    return _build(client, "router", lambda into, scratch: router.lay(into, packages, say, scratch))


def build_postgres(client: docker.DockerClient, packages: Path, say: Say) -> Built:
    """`sluice/postgres:VERSION`, which is `sluice/postgres:latest` too."""
    return _build(client, "postgres", lambda into, scratch: postgres.lay(into, packages, say, scratch))


def connect(host: str = "") -> docker.DockerClient:
    """A client of the daemon at *host*, else of the one that DOCKER_HOST names, else of the machine's own."""
    environment = {**os.environ, "DOCKER_HOST": host or os.environ.get("DOCKER_HOST") or SOCKET}
    host = environment["DOCKER_HOST"]
    scheme, _, path = host.partition("://")
    if scheme == "unix":  # asked first, since the SDK leaves a socket open when nobody listens
        with socket.socket(socket.AF_UNIX) as probe:
            if failed := probe.connect_ex(path):
                raise ImageError(f"no Docker daemon answers at {host}: {os.strerror(failed)}; {START}")
    try:
        client = docker.from_env(environment=environment)
        daemon = client.version()
    except DockerException as error:
        raise ImageError(f"no Docker daemon answers at {host}: {error}; {START}") from None
    if daemon["Arch"] != ARCHITECTURE:
        client.close()
        raise ImageError(
            f"the daemon is for {daemon['Arch']}, and the packages are for {ARCHITECTURE}; use images/node/alpine"
        )
    return client


def _build(client: docker.DockerClient, which: str, lay: Callable[[Path, Path], str], variant: str = "") -> Built:
    with tempfile.TemporaryDirectory(prefix="sluice-image-") as made:
        context, scratch = Path(made) / "context", Path(made) / "scratch"
        (context / "root").mkdir(parents=True)
        scratch.mkdir()
        for file in ("Dockerfile", ".dockerignore"):
            shutil.copyfile(FOLDER / which / file, context / file)
        version = lay(context / "root", scratch)
        names = [f"sluice/{which}:{version}{variant}", *([] if variant else [f"sluice/{which}:latest"])]
        try:
            image, _ = client.images.build(
                path=str(context),
                tag=names[0],
                buildargs={"VERSION": version, "MAJOR": version.partition(".")[0]},
                platform=LINUX,
                rm=True,
                forcerm=True,
            )
            for name in names[1:]:
                image.tag(name)
        except (APIError, BuildError) as error:
            raise ImageError(f"sluice/{which} does not build: {error}") from None
    return Built(tuple(names), image.id or "", image.attrs["Size"])
