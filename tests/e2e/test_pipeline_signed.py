"""The chain where only what a trusted key signed is published: `sluice:trust`, and `signed` of a service."""

import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from ops import stackfile
from tests.cosign import Signer, push
from tests.e2e.conftest import ok
from tests.e2e.dock import Dock, docked
from tests.e2e.pushes import LONG, Repository, served, told
from tests.patience import eventually
from tests.pipeline.github import Github, standing

CI, EVE = Signer(), Signer()
AT_ONCE = {"steps": [], "bake": "0s"}


@pytest.fixture(scope="module")
def github() -> Iterator[Github]:
    with standing() as github:
        yield github


@pytest.fixture(scope="module")
def dock(docker_client, docker_host: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dock]:
    """v1 live, which CI signed, and somebody released by hand with what `ops signature` prints."""
    with docked(tmp_path_factory.mktemp("dock"), docker_client, docker_host) as dock:
        image = dock.build("v1")
        push(dock.registry.host, "shop", image.partition("@")[2], CI)
        printed = ok(dock.stage.run(sys.executable, "-m", "ops", "signature", image)).strip()
        dock.add("v1", signature=printed)
        dock.stage.configure(trust={"ci": CI.public})
        dock.declare({"v1": 100}, **AT_ONCE)
        ok(dock.up())
        yield dock


@pytest.fixture(scope="module")
def repository(dock: Dock, github: Github, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """What is pushed to it is released to the dock, once it is signed."""
    folder = tmp_path_factory.mktemp("git")
    with served(dock.stage, dock.host, dock.registry, github, folder, signed=True) as repository:
        yield repository


def test_what_a_stranger_signed_is_refused_and_its_commit_says_why(dock, repository, github):
    Path(repository.ci.key).write_bytes(EVE.pem)
    commit = repository.push("ENV BUILT=strange")
    version = f"main-{commit[:7]}"
    eventually(lambda: "failure" in told(github, commit), "the commit says that it failed", LONG)
    assert told(github, commit) == ["pending", "failure"]
    why = next(body["description"] for _, body in github.statuses if body["state"] == "failure")
    assert why.startswith(f"{version} was not released to dock: sluice:releases.{version}.signature: cosign:")
    assert "is by none of sluice:trust" in why
    assert (dock.live(), dock.recorded(), dock.marked()) == ({"v1": 999}, {"v1": 100}, False)
    assert dock.containers(version) == []


def test_what_ci_signed_is_released_with_its_signature(dock, repository, github):
    Path(repository.ci.key).write_bytes(CI.pem)
    commit = repository.push("ENV BUILT=signed")
    version = f"main-{commit[:7]}"
    eventually(lambda: "success" in told(github, commit), "the commit says that it is released", LONG)
    assert (dock.live(), dock.ask()) == ({version: 999}, (200, version))
    entry = stackfile.load(dock.stage.root / "Pulumi.dock.yaml").releases[version]
    assert entry["signature"].startswith("cosign:")


def test_what_is_signed_later_waits_for_that_and_one_trusted_signature_of_several_is_enough(dock, repository, github):
    (before,) = dock.live()
    Path(repository.ci.key).unlink()
    commit = repository.push("ENV BUILT=late")
    version = f"main-{commit[:7]}"
    digest = dock.registry.digest(f"shop:{version}")
    assert 'sluice_open{service="shop"}' in httpx2.get(f"{repository.ci.hooks}/metrics").text
    assert (told(github, commit), dock.live()) == ([], {before: 999})
    push(dock.registry.host, "shop", digest, EVE, CI)
    eventually(lambda: "success" in told(github, commit), "the commit says that it is released", LONG)
    assert dock.live() == {version: 999}
