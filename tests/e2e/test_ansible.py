"""The Docker deployer on the real program: hosts in waves, and none after the first that was restored."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from rehearsal.cloud.loopback import free
from rehearsal.docker import bridge
from rehearsal.docker import service as leavings
from rehearsal.stage import Done
from tests.e2e.conftest import ROOT, ok
from tests.e2e.dock import Dock, docked
from tests.e2e.refusals import AT_ONCE

PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
NAMES = ("north", "south", "west")


@pytest.fixture(scope="module")
def hosts(docker_client, docker_host: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Dock]]:
    """Three stacks in one project, each a service with v1 live: to Ansible, three hosts."""
    folder = tmp_path_factory.mktemp("dock")
    with docked(folder, docker_client, docker_host) as first:
        image = first.build("v1")
        try:
            yield [_beside(first, name, image) for name in NAMES]
        finally:
            for name in NAMES:
                leavings.remove(docker_client, name)


def _beside(first: Dock, name: str, image: str) -> Dock:
    """A stack and a service *name* in the same project, on the same daemon, with v1 of *image* live."""
    stage = replace(first.stage, stack=name)
    ok(stage.run("pulumi", "stack", "init", name))
    stage.configure(platform="docker")
    dock = Dock(
        stage, first.client, first.registry, first.host, first.folder, name, bridge.subnet(), images=first.images
    )
    dock.listen(free())
    dock.releases = {"v1": {"image": image}}
    dock.declare({"v1": 100}, **AT_ONCE)
    ok(dock.up())
    return dock


def releases(dock: Dock) -> dict[str, object]:
    """What its stack file declares."""
    file = dock.stage.root / f"Pulumi.{dock.stage.stack}.yaml"
    return YAML(typ="safe").load(file)["config"]["sluice:releases"]


def play(hosts: list[Dock], version: str, image: str) -> Done:
    """`ansible-playbook deploy.yml`, as its README says."""
    stage = hosts[0].stage
    inventory = stage.root / "inventory.json"
    listed = {name: {"stack": name} for name in NAMES}
    inventory.write_text(json.dumps({"docker_hosts": {"hosts": listed}}))
    more = {"ops": [sys.executable, "-m", "ops"], "project": str(stage.root), "version": version, "image": image}
    playbook = ROOT / "deploy" / "ansible" / "deploy.yml"
    return stage.run(str(PLAYBOOK), "-i", str(inventory), "-e", json.dumps(more), str(playbook))


def test_a_release_goes_to_every_host_and_again_changes_nothing(hosts):
    image = hosts[0].build("v2")
    text = ok(play(hosts, "v2", image))
    assert [one.live() for one in hosts] == [{"v2": 999}] * 3
    assert [text.index(f"changed: [{name}") for name in NAMES] == sorted(text.index(f"changed: [{n}") for n in NAMES)
    assert "changed=1" in text
    again = ok(play(hosts, "v2", image))
    assert again.count("changed=0") == 3


def test_the_first_wave_that_is_restored_is_the_last(hosts):
    before = [one.live() for one in hosts]
    done = play(hosts, "v3", hosts[0].build("v3", "ENV FAIL_HEALTH=1"))
    assert done.code != 0
    assert "Restored" in done.text or "stays live" in done.text
    assert [one.live() for one in hosts] == before
    assert [sorted(releases(one)) for one in hosts[1:]] == [["v1", "v2"]] * 2


@pytest.mark.parametrize("image", ["shop:latest", "registry.example.com/shop@sha256:12"])
def test_an_image_without_a_digest_reaches_no_host(hosts, image):
    done = play(hosts, "v4", image)
    assert done.code != 0
    assert "Write -e version=v42 -e image=" in done.text
    assert "v4" not in releases(hosts[0])
