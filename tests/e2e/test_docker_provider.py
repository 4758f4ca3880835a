"""The stand-in for pulumi-docker under the real engine and a real daemon: what a slice is made of, and what the next
`up` makes of a create that failed.
"""

import json
import re
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from docker.api.client import APIClient
from docker.errors import APIError

from rehearsal.environment import environment
from tests.e2e.program import Program, copied
from tests.rehearsal.docker_provider.images import registry

CONTAINER = "docker:index/container:Container"
UNHEALTHY = {"healthcheck": {"tests": ["CMD", "false"], "interval": "1s"}, "wait": True, "wait_timeout": 2}
DOWN = "ssh://deploy@127.0.0.1:9"  # nobody listens there
FAILED = "container failed to be in healthy state"


class Docker(Program):
    """The program of containers, and what it is given."""

    def plan(self, **changes: Any) -> "Docker":
        """The program with another PLAN."""
        kept = json.loads(self.environment["PLAN"])
        plan = {key: value for key, value in {**kept, **changes}.items() if value is not None}
        return Docker(self.folder, {**self.environment, "PLAN": json.dumps(plan)})

    def one(self, name: str) -> dict[str, Any]:
        """The recorded container *name*."""
        return next(one for one in self.state() if one["urn"].endswith(f"{CONTAINER}::{name}"))


@pytest.fixture(scope="module")
def client(docker_host: str) -> Iterator[APIClient]:
    with closing(APIClient(base_url=docker_host, version="auto")) as one:
        yield one


@pytest.fixture(scope="module")
def image(client: APIClient) -> Iterator[str]:
    """An image by digest, kept here."""
    with registry() as one:
        reference = one.push("shell", Cmd=["sleep", "1000"], Env=["PATH=/bin"])
        client.pull(reference)
        yield reference
    for name in (reference, "sluice-test/kept:v1"):
        with suppress(APIError):
            client.remove_image(name, force=True)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, docker_host: str, image: str) -> Iterator[Docker]:
    home = tmp_path_factory.mktemp("cloud")
    (home / "backend").mkdir()
    plan = json.dumps({"host": docker_host, "image": image})
    one = Docker(copied("containers", tmp_path_factory.mktemp("stack")), {**environment(home), "PLAN": plan})
    one.ok("stack", "init", "test")
    yield one
    one.ok("destroy", "--yes")
    assert one.state() == []


def counts(said: str) -> list[str]:
    """What an `up` did, as its last summary counts it."""
    return re.findall(r"(\d+ (?:created|updated|replaced|deleted))", said.rpartition("Resources:")[2])


def test_a_slice_is_made_and_then_nothing_differs(program: Docker) -> None:
    plan = program.plan(slice="v1", secret="hunter2")
    plan.ok("preview")
    plan.ok("up", "--yes")
    plan.ok("preview", "--expect-no-changes")
    plan.ok("up", "--yes", "--refresh", "--expect-no-changes")
    plan.ok("refresh", "--yes", "--expect-no-changes")
    plan.ok("preview", "--refresh", "--expect-no-changes")


def test_a_secret_in_its_environment_is_a_secret_in_the_state(program: Docker) -> None:
    assert "hunter2" not in program.ok("stack", "export")
    assert "hunter2" in program.ok("stack", "export", "--show-secrets")


def test_what_was_killed_is_started_again_and_not_replaced(program: Docker, client: APIClient) -> None:
    container = program.one("v1")["id"]
    client.kill(container)
    said = program.plan(slice="v1", secret="hunter2").ok("up", "--yes", "--refresh")
    assert counts(said) == ["1 updated"]
    assert client.inspect_container(container)["State"]["Running"]


def test_what_was_removed_by_hand_is_made_again(program: Docker, client: APIClient) -> None:
    client.remove_container(program.one("v1")["id"], force=True)
    assert counts(program.plan(slice="v1", secret="hunter2").ok("up", "--yes", "--refresh")) == ["1 created"]


def test_a_preview_against_a_socket_where_nobody_is_fails(program: Docker, tmp_path: Path) -> None:
    done = program.plan(slice="v1", host=f"unix://{tmp_path}/none.sock").pulumi("preview")
    assert done.returncode != 0
    assert "failed to connect to any docker daemon" in done.stdout


def test_a_preview_against_an_ssh_host_that_is_down_passes_unless_it_refreshes(program: Docker, tmp_path: Path) -> None:
    kept, moved = tmp_path / "kept.json", tmp_path / "moved.json"
    kept.write_text(program.ok("stack", "export"))
    moved.write_text(kept.read_text().replace(json.loads(program.environment["PLAN"])["host"], DOWN))
    plan = program.plan(slice="v1", host=DOWN, ssh=["-o", "BatchMode=yes"])
    try:
        plan.ok("stack", "import", "--file", str(moved))
        plan.ok("preview")
        done = plan.pulumi("preview", "--refresh")
    finally:
        program.ok("stack", "import", "--file", str(kept))
    assert done.returncode != 0
    assert f"Error pinging Docker server, please make sure that {DOWN} is reachable" in done.stdout
    assert "Connection refused" in done.stdout


def test_a_type_that_is_not_served_is_refused_by_name(program: Docker) -> None:
    done = program.plan(unserved=True).pulumi("preview")
    assert done.returncode != 0
    assert "the type docker:index/registryImage:RegistryImage is not served by this stand-in" in done.stdout


def test_a_failed_wait_is_tried_anew_while_no_entrypoint_was_given(program: Docker, client: APIClient) -> None:
    plan = program.plan(probes={"unwell": {**UNHEALTHY, "command": ["sleep", "100"]}})
    first = plan.pulumi("up", "--yes")
    assert (first.returncode != 0, FAILED in first.stdout) == (True, True)
    left = plan.one("unwell")
    assert left["initErrors"]
    assert client.inspect_container(left["id"])["State"]["Running"]
    second = plan.pulumi("up", "--yes")  # deleted first, made again, and it fails again
    assert (second.returncode != 0, FAILED in second.stdout) == (True, True)
    assert plan.one("unwell")["id"] != left["id"]


def test_a_refresh_makes_a_failed_wait_pass(program: Docker, client: APIClient) -> None:
    plan = program.plan(probes={"unwell": {**UNHEALTHY, "command": ["sleep", "100"]}})
    plan.ok("up", "--yes", "--refresh")
    assert client.inspect_container(plan.one("unwell")["id"])["State"]["Health"]["Status"] != "healthy"


def test_with_an_entrypoint_a_failed_wait_passes_the_second_time(program: Docker, client: APIClient) -> None:
    plan = program.plan(probes={"ill": {**UNHEALTHY, "entrypoints": ["sleep"], "command": ["100"]}})
    assert plan.pulumi("up", "--yes").returncode != 0
    container = plan.one("ill")["id"]
    assert "1 updated" in counts(plan.ok("up", "--yes"))
    assert plan.one("ill")["id"] == container


def test_with_an_entrypoint_a_failed_start_passes_the_second_time(program: Docker, client: APIClient) -> None:
    plan = program.plan(probes={"stuck": {"entrypoints": ["/no-such"], "command": ["x"]}})
    assert plan.pulumi("up", "--yes").returncode != 0
    plan.ok("up", "--yes")
    assert client.inspect_container(plan.one("stuck")["id"])["State"]["Status"] == "created"
    done = plan.pulumi("up", "--yes", "--refresh")  # which sees that it does not run
    assert (done.returncode != 0, "Unable to start container" in done.stdout) == (True, True)


def test_a_container_is_replaced_delete_first_unless_the_program_says_otherwise(program: Docker) -> None:
    plan = program.plan(probes={"p": {"command": ["sleep", "100"]}})
    plan.ok("up", "--yes")
    first = plan.one("p")
    said = plan.plan(probes={"p": {"command": ["sleep", "101"]}}).ok("up", "--yes")
    assert said.index("deleted original") < said.index("created replacement")
    said = plan.plan(probes={"p": {"command": ["sleep", "102"]}}, first=True).ok("up", "--yes")
    assert said.index("created replacement") < said.index("deleted original")
    assert plan.one("p")["outputs"]["name"] != first["outputs"]["name"]
