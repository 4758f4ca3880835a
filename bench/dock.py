"""What the benchmark of containers stands on: a Docker daemon, a registry, an image a release, our own way.

In: a folder below `.sluice/`, how many releases. Out: the three ways, each with its own containers on the one daemon.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from subprocess import CalledProcessError

import docker
from docker.errors import APIError
from docker.types import IPAMConfig, IPAMPool

from bench import debian
from bench.ground import ROOT, BenchError, done
from bench.rivals import Nginx, Restart, Shell
from bench.turns import Stamps, Way
from components.docker import names
from components.docker.addresses import containers
from components.docker.host import Host
from images import build, fetch
from images.errors import ImageError
from rehearsal import engine, registry
from rehearsal.cloud.loopback import LOOPBACK, free
from rehearsal.console import DEFAULT_HOME
from rehearsal.docker import bridge, daemon, sample, service
from rehearsal.docker.errors import DockerError, SampleError
from rehearsal.registry_client import RegistryError
from rehearsal.stage import Stage
from rollout.routers.envoy import EnvoyRouter

STACK = "bench-containers"
SERVICE = "sluice-bench"
NETWORK = "sluice-bench-rivals"
FOLDER = ROOT / ".sluice" / STACK
DRAIN = 5  # seconds
ROLLOUT = {"ready": "60s", "steps": [], "bake": "0s", "gates": {}}
NEEDS = (DockerError, ImageError, RegistryError, SampleError, engine.EngineError, CalledProcessError, APIError, OSError)
Say = Callable[[str], None]


class Ours:
    """`pulumi up`: the newcomer and the incumbent are declared, what was before them goes in the same `up`."""

    name = "pulumi up"

    def __init__(self, stage: Stage, shell: Shell, host: str, images: Mapping[str, str]) -> None:
        self._stage, self._shell, self._images, self._host = stage, shell, images, host
        self._subnet = bridge.subnet()
        self._port = free()
        self.live = self.standby = ""
        self.url = f"http://{LOOPBACK}:{self._port}/"

    def up(self, version: str) -> None:
        """A stack of its own, and its first release."""
        done(self._stage.run("pulumi", "stack", "init", STACK))
        self._stage.configure(
            platform="docker",
            service={"name": SERVICE, "port": 8080, "size": 1, "drain": f"{DRAIN}s"},
            docker={"host": self._host, "port": self._port, "subnet": self._subnet},
            rollout=ROLLOUT,
        )
        self.release(version)

    def release(self, version: str) -> Stamps:
        """Declare it, `pulumi up`."""
        self.standby, self.live = self.live, version
        declared = {one: {"image": self._images[one]} for one in (self.standby, self.live) if one}
        self._stage.configure(releases=declared, traffic={version: 100})
        done(self._stage.up())
        return Stamps()

    def router(self) -> EnvoyRouter:
        """The driver of the weights, as a walk has it."""
        return EnvoyRouter(run=partial(Host(self._host).run, names.router(SERVICE)), contents={})

    def direct(self) -> str:
        """Past the router."""
        return f"http://{containers(self._subnet, self.live, 1)[0]}:8080/"

    def lift(self) -> None:
        """No limit of processors."""
        label = (f"label={names.SERVICE}={SERVICE}", "--filter", f"label={names.VERSION}={self.live}")
        self._shell.lift(self._shell.docker("ps", "--quiet", "--filter", *label))

    def down(self) -> None:
        """The stack's file; its containers go with the ground."""
        (ROOT / f"Pulumi.{STACK}.yaml").unlink(missing_ok=True)


@contextmanager
def dock(releases: int, say: Say) -> Iterator[tuple[Ours, list[Way], list[str]]]:
    """Ours, all ways, and the versions to release one after the other; v0 serves already."""
    with ExitStack() as stack:
        try:
            host, client = _daemon(stack, say)
            versions = [f"v{number}" for number in range(releases + 1)]
            images = _images(stack, client, versions, say)
            debian.nginx(client)
            debian.wrk()
            _network(stack, client)
        except NEEDS as error:
            raise BenchError(str(error)) from None
        shell = Shell(host, NETWORK, images)
        ours = Ours(Stage(ROOT, FOLDER / "home", STACK), shell, host, images)
        ways: list[Way] = [ours, Nginx(shell, DRAIN, FOLDER / "nginx"), Restart(shell, DRAIN)]
        stack.callback(service.remove, client, SERVICE)
        for way in ways:
            stack.callback(way.down)
            say(f"{way.name}: the first release")
            way.up(versions[0])
        yield ours, ways, versions[1:]


def _daemon(stack: ExitStack, say: Say) -> tuple[str, docker.DockerClient]:
    if engine.find() is None:
        raise BenchError("no Pulumi engine: run `make setup` first")
    shutil.rmtree(FOLDER, ignore_errors=True)
    (ROOT / f"Pulumi.{STACK}.yaml").unlink(missing_ok=True)
    (FOLDER / "home" / "backend").mkdir(parents=True)
    started = daemon.find(DEFAULT_HOME, os.environ) is None
    host = daemon.launch(DEFAULT_HOME, os.environ, say).host
    if started:
        stack.callback(daemon.take_down, DEFAULT_HOME, say)
    client = build.connect(host)
    stack.callback(client.close)
    for make in (build.build_node, build.build_router):
        make(client, fetch.cache(), say)
    return host, client


def _images(stack: ExitStack, client: docker.DockerClient, versions: list[str], say: Say) -> dict[str, str]:
    """An image for each of *versions*, by its digest, and on the host already: a pull is no one's merit."""
    say(f"{len(versions)} images")
    store = registry.start(FOLDER / "registry")
    stack.callback(registry.stop, FOLDER / "registry")
    images = {}
    for version in versions:
        sample.build(client, f"{SERVICE}:{version}", f"ENV BUILT={version}")
        images[version] = store.push(client, f"{SERVICE}:{version}", f"{SERVICE}:{version}")
        stack.callback(client.images.remove, images[version], force=True)
        client.images.pull(images[version])
        client.images.remove(f"{SERVICE}:{version}")
    return images


def _network(stack: ExitStack, client: docker.DockerClient) -> None:
    pool = IPAMPool(subnet=bridge.subnet())  # no other daemon's
    network = client.networks.create(NETWORK, driver="bridge", ipam=IPAMConfig(pool_configs=[pool]))
    stack.callback(network.remove)
