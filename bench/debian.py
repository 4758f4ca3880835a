"""Programs that are only measured beside or with, out of Debian's packages: fetched once, and not installed.

In: nothing. Out: wrk's command; an image of nginx that has nothing else in it. BenchError says what is missing.
"""

import re
import shutil
import tempfile
from pathlib import Path

import docker
from docker.errors import APIError, BuildError

from bench.ground import BenchError
from rehearsal import engine
from rehearsal.command import run
from rehearsal.debian import DebianError, unpacked

PACKAGES = ("nginx", "wrk", "libluajit-5.1-2")
NGINX, WRK, LIBRARIES = "usr/sbin/nginx", "usr/bin/wrk", "usr/lib/x86_64-linux-gnu"
IMAGE = "sluice-bench/nginx:latest"
LOOK = 30.0  # seconds for ldd
LIBRARY = re.compile(r"(/\S+) \(0x")
DOCKERFILE = """FROM scratch
COPY root/ /
USER 101:101
STOPSIGNAL SIGQUIT
ENTRYPOINT ["/usr/sbin/nginx", "-c", "/etc/nginx/conf/nginx.conf", "-g", "daemon off;"]
"""


def wrk() -> list[str]:
    """The command that starts wrk, without its arguments."""
    if found := shutil.which("wrk"):
        return [found]
    kept = _fetched()
    return ["env", f"LD_LIBRARY_PATH={kept / LIBRARIES}", str(kept / WRK)]


def nginx(client: docker.DockerClient) -> None:
    """Build IMAGE: nginx, and the libraries of this machine that it is linked to."""
    program = _fetched() / NGINX
    linked = run(["ldd", str(program)], LOOK)
    if linked.failure or any("not found" in line for line in linked.lines):
        raise BenchError(f"Debian's nginx does not start on this machine: {linked.failure or linked.lines}")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "root")
        for library in filter(None, map(LIBRARY.search, linked.lines)):
            _copy(Path(library[1]), root / library[1].lstrip("/"))
        _copy(program, root / NGINX)
        for empty in ("tmp", "etc/nginx/conf", "var/log/nginx"):
            (root / empty).mkdir(parents=True, exist_ok=True)
        (root / "tmp").chmod(0o1777)
        Path(folder, "Dockerfile").write_text(DOCKERFILE)
        try:
            client.images.build(path=folder, tag=IMAGE, rm=True, forcerm=True)
        except (APIError, BuildError) as error:
            raise BenchError(f"{IMAGE} does not build: {error}") from None


def _copy(file: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, to)


def _fetched() -> Path:
    """The folder of the unpacked packages."""
    try:
        return unpacked(PACKAGES, engine.cache().parent / "debian" / "bench")
    except DebianError as error:
        raise BenchError(f"{', '.join(PACKAGES)} cannot be had: {error}") from None
