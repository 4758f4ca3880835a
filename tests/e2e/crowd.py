"""Three services with three releases each on one host, and what the kernel and the daemon say of their containers."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker

from rehearsal.docker import bridge
from rehearsal.docker.sample import SAMPLE
from rehearsal.load import dropped
from tests.e2e.dock import POOL, Dock, docked
from tests.e2e.isolated import Isolated

SIZES = {"v1": 3, "v2": 3, "v3": 4}  # of each service
BOUND = {"memory": 96, "cpus": 0.25, "files": 1024, "processes": 64}
# SIGUSR2 makes it ask for more memory than it may have; and it has a shell, for a bomb.
GREEDY = 'process.on("SIGUSR2", () => { const all = []; for (;;) all.push(Buffer.alloc(1 << 23, 1)); });\n'
LINES = ("COPY --from=sluice/router:latest /bin/busybox /bin/sh", "HEALTHCHECK NONE")
RATE = 25.0  # requests a second and service
GROUPS = Path("/sys/fs/cgroup")
KERNEL = {  # by controller, its file there, and where all controllers are one
    "memory": ("memory", "memory.limit_in_bytes", "memory.max"),
    "used": ("memory", "memory.usage_in_bytes", "memory.current"),
    "cpu": ("cpu", "cpu.cfs_quota_us", "cpu.max"),
    "most": ("pids", "pids.max", "pids.max"),
    "many": ("pids", "pids.current", "pids.current"),
    "refused": ("pids", "pids.events", "pids.events"),  # processes, since it has been there
}


@dataclass
class Crowd:
    """The docks of the services, on one daemon. Everything is on v1 of each."""

    docks: list[Dock]

    @property
    def containers(self) -> list[Any]:
        """Those of all slices, as they are now."""
        return [one for dock in self.docks for version in SIZES for one in dock.containers(version)]

    def harmed(self, since: float) -> set[tuple[str, str]]:
        """Who died or ran out of memory since then, by container's id, routers too; a name of an event and the id."""
        ours = {one.id for one in [*self.containers, *(dock.router for dock in self.docks)]}
        kinds = {"type": "container", "event": ["oom", "die"]}
        events = self.docks[0].client.events(since=since, until=time.time(), filters=kinds, decode=True)
        return {(one["Action"], one["id"]) for one in events if one["id"] in ours}

    @contextmanager
    def served(self, but: tuple[Dock, str] | None = None) -> Iterator[None]:
        """Everybody answers all the while: each service's clients, and each slice when it is asked by name, but the
        slice in which something happens.
        """
        loads = [dock.load(rate=RATE) for dock in self.docks]
        sent = [set(dock.live()) for dock in self.docks]
        asked = [[one for one in SIZES if (dock, one) != but] for dock in self.docks]
        isolated = [Isolated(dock, *versions) for dock, versions in zip(self.docks, asked, strict=True)]
        for load in loads:
            load.start()
        try:
            yield
        finally:
            answers, answered = [load.stop() for load in loads], [one.stop() for one in isolated]
        for dock, to, got in zip(self.docks, sent, answers, strict=True):
            assert dropped(got) == []
            assert set() < {answer.version for answer in got} <= {*to, *dock.live()}
        assert [one.failed for one in isolated] == [[] for _ in isolated]
        assert [set(one) for one in answered] == [{(version, version) for version in of} for of in asked]


@contextmanager
def crowded(folder: Path, client: docker.DockerClient, host: str) -> Iterator[Crowd]:
    """shop, cart and mail while the block runs: thirty containers of one image, and a router each."""
    with ExitStack() as stack, ThreadPoolExecutor(3) as pool:
        docks: list[Dock] = []
        for name, subnet in zip(("shop", "cart", "mail"), _subnets(), strict=True):
            (folder / name).mkdir()
            docks.append(stack.enter_context(docked(folder / name, client, host, name, subnet)))
        image = docks[0].build("v1", *LINES, app=GREEDY + SAMPLE.read_text())
        list(pool.map(lambda dock: _release(dock, image), docks))
        yield Crowd(docks)


def _subnets() -> list[str]:
    return [bridge.subnet(part) for part in list(POOL.subnets(new_prefix=16))[1:]]


def _release(dock: Dock, image: str) -> None:
    for version, size in SIZES.items():
        dock.images[version] = image
        dock.add(version, size=size, container=BOUND)
    dock.release(*SIZES)


def began(containers: list[Any]) -> dict[str, str]:
    """When each began to run, by id."""
    return {one.id: one.attrs["State"]["StartedAt"] for one in containers}


def counted(container: Any, what: str) -> int:
    """What the kernel says of its control group: one of KERNEL."""
    controller, first, second = KERNEL[what]
    lines = Path(f"/proc/{container.attrs['State']['Pid']}/cgroup").read_text().splitlines()
    paths = {names: path.lstrip("/") for _, names, path in (line.split(":", 2) for line in lines)}
    mine = [GROUPS / controller / path / first for names, path in paths.items() if controller in names.split(",")]
    said = (mine or [GROUPS / paths[""] / second])[0].read_text()  # "50", "25000 100000" or "max 3"
    return next(int(word) for word in said.split() if word.isdigit())


def bounds(container: Any) -> dict[str, float]:
    """What the kernel lets it have, spelled as in BOUND."""
    limits = Path(f"/proc/{container.attrs['State']['Pid']}/limits").read_text().splitlines()
    (files,) = [line.split()[3] for line in limits if line.startswith("Max open files")]
    return {
        "memory": counted(container, "memory") / (1 << 20),
        "cpus": counted(container, "cpu") / 100_000,
        "files": int(files),
        "processes": counted(container, "most"),
    }


def tell(container: Any, number: int) -> None:
    """Signal its first process; not as `docker kill` does, after which the daemon does not start it again."""
    os.kill(container.attrs["State"]["Pid"], number)


def standing(dock: Dock) -> tuple[object, ...]:
    """All of a service that another's release could have touched."""
    network = dock.client.networks.get(f"{dock.service}-slices").attrs
    joined = {key: one["IPv4Address"] for key, one in network["Containers"].items()}
    containers = [*(one for version in SIZES for one in dock.containers(version)), dock.router]
    volume = dock.client.volumes.get(f"{dock.service}-routes").attrs
    return began(containers), network["Id"], joined, volume, dock.followed()["version_info"], dock.live()
