"""The chain to machines: git push, build, registry, hooks, receiver, instances that run the image on their Docker."""

import sys
from collections.abc import Iterator

import httpx2
import pytest

from images import build as images
from images import fetch
from rehearsal.docker.sample import build as sample
from rehearsal.load import Load, dropped, dropped_by
from rehearsal.registry import start, stop
from rehearsal.registry_client import Registry
from rehearsal.stage import Stage
from tests.e2e.conftest import live, marks, ok, recorded
from tests.e2e.pushes import LONG, Repository, served, told
from tests.patience import eventually
from tests.pipeline.github import Github, standing

QUICK = {"ready": "60s", "steps": [50], "bake": "2s", "prove_by": 50, "gates": {"errors": {"allow": 2}}}


@pytest.fixture(scope="module")
def github() -> Iterator[Github]:
    with standing() as github:
        yield github


@pytest.fixture(scope="module")
def registry(docker_client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    folder = tmp_path_factory.mktemp("registry")
    images.build_node(docker_client, fetch.cache(), lambda _: None)
    yield start(folder)
    stop(folder)


@pytest.fixture(scope="module")
def machines(stage: Stage, docker_host: str, docker_client, registry: Registry) -> tuple[str, str]:
    """A machine image that has Docker, and where that is; v1, an image on it, is live."""
    machine = ("env", f"DOCKER_HOST={docker_host}", sys.executable, "-m", "rehearsal.cloud.docker_host")
    ami = stage.image("docker-host", *machine)
    sample(docker_client, "shop-machines:v1", "ENV BUILT=v1")
    image = registry.push(docker_client, "shop-machines:v1", "shop:v1")
    stage.configure(releases={"v1": {"ami": ami, "image": image}}, traffic={"v1": 100}, rollout=QUICK)
    ok(stage.up())
    return ami, docker_host


@pytest.fixture(scope="module")
def repository(
    stage: Stage, machines: tuple[str, str], registry: Registry, github: Github, tmp_path_factory
) -> Iterator[Repository]:
    """What is pushed to it is released to the machines."""
    ami, docker_host = machines
    with served(stage, docker_host, registry, github, tmp_path_factory.mktemp("git"), ami=ami) as repository:
        yield repository


@pytest.fixture
def load(stage: Stage, repository: Repository) -> Iterator[Load]:
    """Clients all the while."""
    load = Load(ok(stage.run("pulumi", "stack", "output", "url")).strip(), connections=8, rate=200)
    load.start()
    yield load
    load.stop()


def test_what_is_pushed_runs_on_the_machines_and_gets_the_traffic(stage, repository, github, load, docker_client):
    commit = repository.push("ENV BUILT=good")
    version = f"main-{commit[:7]}"
    eventually(lambda: "success" in told(github, commit), "the commit says that it is released", LONG)
    assert (live(stage), recorded(stage), marks(stage)) == ({version: 999}, {version: 100}, [])
    running = [one for one in docker_client.containers.list() if one.name.startswith("sluice-machine-")]
    made_of = {one.labels.get("org.opencontainers.image.revision") for one in running}
    assert commit in made_of
    assert dropped(load.stop()) == []


def test_a_bad_build_is_restored_and_its_commit_says_why(stage, repository, github, load):
    (before,) = live(stage)
    commit = repository.push("ENV FAIL=0.3")
    version = f"main-{commit[:7]}"
    eventually(lambda: "failure" in told(github, commit), "the commit says that it failed", LONG)
    assert (live(stage), recorded(stage), marks(stage)) == ({before: 999}, {before: 100}, [])
    assert set(dropped_by(load.stop())) == {version}


def test_a_container_leaves_with_its_machine(stage, docker_client, repository):
    (version,) = live(stage)
    before = {one.id for one in docker_client.containers.list()}
    stage.faults(kill={version: 1})
    eventually(lambda: before - {one.id for one in docker_client.containers.list()}, "it left with its machine")
    url = ok(stage.run("pulumi", "stack", "output", "url")).strip()
    eventually(lambda: httpx2.get(url).status_code == 200, "another machine took its place")
