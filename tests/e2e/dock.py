"""A service on a real Docker daemon with its images in a real registry: what the tests of container slices stand on."""

import json
import os
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import docker

from components.docker.names import FOLDER, SERVICE
from images import build, fetch
from rehearsal.cloud.loopback import LOOPBACK, free
from rehearsal.docker import bridge, sample
from rehearsal.docker import service as leavings
from rehearsal.load import Load
from rehearsal.registry import start, stop
from rehearsal.registry_client import Registry
from rehearsal.stage import UP, Done, Stage
from rollout.envoy.service import ROUTES
from tests.e2e.conftest import React, copy_project, heard, newest, of_home, ok, recorded
from tests.e2e.ramps import ENGINE
from tests.patience import eventually

ROUTER = "shop-router"
DRAIN = 5  # seconds
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
# One that no other worker of this run takes, whose network may not stand yet; nor whoever takes the first of all.
POOL = list(bridge.SLICES.subnets(new_prefix=14))[1 + WORKER % 7]
SUBNET = bridge.subnet(POOL)  # another session's daemon may have the usual one
RAMP = {"ready": "30s", "steps": [25, 50], "bake": "1s", "deadline": "2m", "gates": {}, "rollback": "ramp"}


@dataclass
class Dock:
    """`releases`: the entries that are declared, by version; `images`: what each version is built from, by digest;
    `folder`: of the files of faults; `ssh`: options for an ssh:// host; `trust`: whom clients believe in TLS.
    `service`: its name, which it bears unless it is placed as another; `standing`: what `settle` leaves declared.
    """

    stage: Stage
    client: docker.DockerClient
    registry: Registry
    host: str
    folder: Path
    service: str = "shop"
    subnet: str = SUBNET
    url: str = ""
    images: dict[str, str] = field(default_factory=dict)
    releases: dict[str, dict[str, Any]] = field(default_factory=dict)
    ssh: list[str] = field(default_factory=list)
    trust: ssl.SSLContext | None = None
    standing: tuple[str, ...] = ("v1", "v2")

    def build(self, version: str, *lines: str, app: str = "") -> str:
        """An image of the sample service, or of *app* in JavaScript, pushed; its name by digest, under which the host
        does not have it. *lines* are added to its Dockerfile.
        """
        sample.build(self.client, f"shop-test:{version}", f"ENV BUILT={version}", *lines, app=app)
        self.images[version] = self.registry.push(self.client, f"shop-test:{version}", f"shop:{version}")
        return self.images[version]

    def add(self, version: str, **entry: Any) -> None:
        """One slice more from the next `up` on."""
        self.releases[version] = {"image": self.images.get(version) or self.build(version), **entry}

    def moody(self, version: str) -> None:
        """As `add`, of one that misbehaves as it is told to by `faulty`: its containers read a file of this machine."""
        self.faulty(version)
        self.add(version, secrets={"FAULTS": str(self._mood(version))})

    def faulty(self, version: str, **faults: float) -> None:
        """From now on *version* misbehaves so; without faults it is well."""
        file = self._mood(version)
        file.write_text(json.dumps(faults))  # in place: it is mounted as the file that it is
        file.chmod(0o644)

    def _mood(self, version: str) -> Path:
        return self.folder / f"{version}.json"

    def declare(self, traffic: Mapping[str, float], **rollout: Any) -> None:
        """Write *traffic* and the releases into the stack file, and RAMP with what differs from it."""
        self.stage.configure(traffic=dict(traffic), releases=self.releases, rollout={**RAMP, **rollout})

    def listen(self, port: int) -> None:
        """From the next `up` on clients reach it at *port*."""
        self.url = f"http://{LOOPBACK}:{port}"
        self.place()

    @property
    def port(self) -> int:
        """Where clients reach it."""
        return int(self.url.rpartition(":")[2])

    def place(self, service: str = "", **change: Any) -> None:
        """Write where it stands into the stack file, with what is to *change* of it."""
        own = {"host": self.host, "port": self.port, "subnet": self.subnet, "ssh": self.ssh}
        named = {"name": service or self.service, "port": 8080, "size": 2, "drain": f"{DRAIN}s"}
        self.stage.configure(service=named, docker={**own, **change})

    @property
    def router(self) -> Any:
        """The router's container."""
        return self.client.containers.get(f"{self.service}-router")

    def up(self, *options: str, react: React | None = None) -> Done:
        """`pulumi up`; *react* as in `heard`."""
        return heard(self.stage, react or {}, *UP, *options)

    def load(self, rate: float = 150.0, path: str = "") -> Load:
        """Steady load, which the caller starts and stops."""
        return Load(f"{self.url}/{path}", connections=8, rate=rate, trust=self.trust)

    def inside(self, *command: str) -> str:
        """What *command* prints inside the router, without any code of the program."""
        done = self.router.exec_run(list(command))
        output = done.output
        assert isinstance(output, bytes)
        return output.decode() if done.exit_code == 0 else ""

    def printed(self, *command: str) -> str:
        """As `inside`, of a command that prints something if it ends well: now and then Docker loses it."""
        code, output = 0, b""
        for _ in range(3):
            code, output = self.router.exec_run(list(command))
            if code or output:
                break
        return output.decode() if code == 0 else ""

    def followed(self) -> dict[str, Any]:
        """The routes that Envoy follows, with their version, as its admin page has them; {} when it does not answer."""
        page = "http://127.0.0.1:9901/config_dump?resource=dynamic_route_configs"
        text = self.printed("wget", "-q", "-O", "-", page)
        return json.loads(text)["configs"][0] if text else {}

    def live(self) -> dict[str, int]:
        """Live weights by version."""
        config = self.followed()
        if not config:
            return {}
        last = config["route_config"]["virtual_hosts"][0]["routes"][-1]
        split = last["route"]["weighted_clusters"]["clusters"] if "route" in last else []
        return {one["name"]: one["weight"] for one in split}

    def set_weights(self, weights: Mapping[str, int]) -> None:
        """As a colleague does by hand, in the router."""
        file = json.loads(self.printed("cat", f"{FOLDER}/{ROUTES}"))
        split = [{"name": version, "weight": weight} for version, weight in weights.items()]
        file["resources"][0]["virtual_hosts"][0]["routes"][-1]["route"]["weighted_clusters"]["clusters"] = split
        write = f'cd {FOLDER} && printf %s "$0" >theirs && mv theirs {ROUTES}'
        self.inside("sh", "-c", write, json.dumps(file))
        eventually(lambda: self.live() == weights, "what they wrote is live")

    def mark(self) -> dict[str, str]:
        """The fields of the mark beside the weights; none outside a walk."""
        return json.loads(self.printed("cat", f"{FOLDER}/sluice/mark") or "{}")

    def marked(self) -> bool:
        """Whether a walk's mark lies beside the weights."""
        return bool(self.mark())

    def entry(self) -> dict[str, Any]:
        """The journal's newest entry."""
        return newest(self.stage)

    def recorded(self) -> dict[str, float]:
        """The shares in the stack's state."""
        return recorded(self.stage)

    def containers(self, version: str) -> list[Any]:
        """The containers of *version*'s slice."""
        labels = [f"sluice.version={version}", f"{SERVICE}={self.service}"]
        return self.client.containers.list(all=True, filters={"label": labels})

    def ask(self, **headers: str) -> tuple[int, str]:
        """Status and version of one answer."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url, headers=named)
        with urllib.request.urlopen(request, timeout=5, context=self.trust) as answer:
            return answer.status, answer.headers["X-Version"]

    @contextmanager
    def ramping(self, share: int, *command: str) -> Iterator["subprocess.Popen[str]"]:
        """`pulumi up`, or *command*, once *share* (tenths of a percent) has left whatever had everything."""
        (begin,) = self.live()
        with self.stage.running(*(command or UP)) as process:
            eventually(
                lambda: self.live().get(begin, 0) == 1000 - share or process.poll() is not None, "a part has moved"
            )
            assert process.poll() is None, process.communicate()[0]
            yield process

    def await_end(self) -> None:
        """Wait until no process of the engine is left."""
        eventually(lambda: not of_home(self.stage.home, *ENGINE), "no process of the engine is left")

    def settle(self, version: str) -> None:
        """*version* has everything, `standing` and what had some share are declared; nothing is left of a walk.

        Nobody misbehaves.
        """
        for file in self.folder.iterdir():
            self.faulty(file.stem)
        keep = {*self.standing, *self.live()}
        self.releases = {one: entry for one, entry in self.releases.items() if one in keep}
        self.declare({version: 100}, steps=[], bake="0s")
        if self.state != alone(version):
            ok(self.stage.run("env", "SLUICE_TAKE_OVER=yes", *UP))
            assert self.state == alone(version)

    @property
    def state(self) -> tuple[dict[str, int], dict[str, float], bool]:
        """Live weights, recorded shares, whether somebody walks."""
        return self.live(), self.recorded(), self.marked()

    def release(self, *versions: str) -> None:
        """The first `up`: everything is on the first of *versions*, which were added; the others are warm."""
        for version in versions:
            if version not in self.releases:
                self.add(version)
        self.standing = versions
        self.declare({versions[0]: 100})
        ok(self.up())

    def ends(self) -> tuple[str, str]:
        """Which of v1 and v2 has everything, once all is settled, and the other one: either way is a release."""
        here = "v2" if self.live() == {"v2": 999} else "v1"
        self.settle(here)
        return here, "v1" if here == "v2" else "v2"


def alone(version: str) -> tuple[dict[str, int], dict[str, float], bool]:
    """`Dock.state` when *version* has everything and nobody walks."""
    return {version: 999}, {version: 100}, False


@cache
def _bases(client: docker.DockerClient) -> None:
    """Once for each daemon: the images that all others are layered on."""
    build.build_node(client, fetch.cache(), lambda _: None)
    build.build_router(client, fetch.cache(), lambda _: None)


@contextmanager
def docked(
    folder: Path, client: docker.DockerClient, host: str, service: str = "shop", subnet: str = SUBNET
) -> Iterator[Dock]:
    """A stack named dock on *client*'s daemon at *host*, while the block runs; nothing is released yet."""
    _bases(client)
    registry = start(folder / "registry")
    home = folder / "home"
    (home / "backend").mkdir(parents=True)
    stage = Stage(copy_project(folder / "project"), home, "dock")
    try:
        ok(stage.run("pulumi", "stack", "init", "dock"))
        stage.configure(platform="docker")
        (folder / "faults").mkdir()
        dock = Dock(stage, client, registry, host, folder / "faults", service, subnet)
        dock.listen(free())
        yield dock
    finally:
        leavings.remove(client, service)
        stop(folder / "registry")
