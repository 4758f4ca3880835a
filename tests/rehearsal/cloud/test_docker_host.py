"""A machine that has Docker: which container it runs, by the unit that the program writes."""

import pytest

from components.aws.user_data import render
from components.release import Release
from rehearsal.cloud import docker_host
from rehearsal.cloud.boot import UNIT, environment

IMAGE = f"registry.example.com/shop@sha256:{'0' * 64}"


def test_what_it_runs_is_what_the_programs_own_unit_says_but_for_the_name():
    release = Release(version="v1", ami="ami-0123456789abcdef0", image=IMAGE, env={"LOG": "debug"})
    given = environment({}, render(release, "bucket"), "127.0.0.1", 20_001)
    words = docker_host.command(given[UNIT], given["PORT"])
    assert words[:5] == ["docker", "run", "--rm", "--name", "sluice-machine-20001"]
    assert words[-1] == IMAGE
    assert " --network host --read-only " in " ".join(words)
    assert " --env LOG " in " ".join(words)
    assert given["LOG"] == "debug"


@pytest.mark.parametrize(
    "unit", ["", "[Service]\nExecStart=/usr/bin/node server.js\n", "ExecStart=/usr/bin/docker run a\n" * 2]
)
def test_without_a_container_to_run_it_ends_and_says_why(unit):
    with pytest.raises(SystemExit, match="no unit that runs a container"):
        docker_host.main({UNIT: unit, "PORT": "20001"})
