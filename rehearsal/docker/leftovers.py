"""What a daemon leaves when it ends, above all when it was killed: processes, mounts, control groups, bridges.

All of it names the daemon's folder, or a container or network whose files are in it.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil

from rehearsal.cloud.children import end, runs
from rehearsal.docker import bridge
from rehearsal.docker.errors import DockerError

PROC = Path("/proc")
GROUPS = Path("/sys/fs/cgroup")
BRIDGE = re.compile(rb'"BridgeName":"(br-[0-9a-f]{12})"')


def remove(folder: Path) -> None:
    """Take away what the daemon of *folder*, which runs no more, left outside of it."""
    containers = [one.name for one in (folder / "data" / "containers").glob("*")]
    left = end(_inside(containers), None)  # first, so that the shims see them end
    if left := [*left, *end(_helpers(folder), None)]:
        raise DockerError(f"processes {', '.join(str(one.pid) for one in left)} of it could not be ended")
    for place in mounts((PROC / "mounts").read_text(), folder):
        subprocess.run(["umount", "--lazy", place], capture_output=True, check=False)
    for name in containers:
        _rmdir(*GROUPS.glob(f"*/docker/{name}"), *GROUPS.glob(f"docker/{name}"))
    for network in bridges(folder):
        bridge.remove(network)


def processes(folder: Path) -> list[psutil.Process]:
    """All that the daemon of *folder* started and that still runs: containerd, its shims, what is in containers."""
    containers = [one.name for one in (folder / "data" / "containers").glob("*")]
    return [one for one in (*_helpers(folder), *_inside(containers)) if runs(one)]


def mounts(table: str, folder: Path) -> list[str]:
    """What /proc/mounts has below *folder*, innermost first."""
    places = [line.split()[1] for line in table.splitlines()]
    return sorted((one for one in places if Path(one).is_relative_to(folder)), key=len, reverse=True)


def bridges(folder: Path) -> set[str]:
    """The bridges of its networks. Those long gone may be among them: the store keeps old pages."""
    store = folder / "data" / "network" / "files" / "local-kv.db"
    return {name.decode() for name in BRIDGE.findall(store.read_bytes())} if store.exists() else set()


def _helpers(folder: Path) -> Iterator[psutil.Process]:
    """containerd and its shims: their command lines name their sockets."""
    for process in psutil.process_iter():
        try:
            if any(f"{folder}/" in word for word in process.cmdline()):
                yield process
        except psutil.Error:
            continue


def _inside(containers: list[str]) -> Iterator[psutil.Process]:
    """The processes of *containers*."""
    for process in psutil.process_iter():
        try:
            groups = (PROC / str(process.pid) / "cgroup").read_text()
        except OSError:
            continue
        if any(f"/docker/{name}" in groups for name in containers):
            yield process


def _rmdir(*folders: Path) -> None:
    for one in folders:
        try:
            one.rmdir()
        except OSError:
            continue  # gone already
