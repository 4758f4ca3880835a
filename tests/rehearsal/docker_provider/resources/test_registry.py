"""The tables against the installed SDK: no name that it does not have, all that it requires; the real list of what
replaces a container.
"""

import importlib

import pytest

from rehearsal.docker_provider.resources.container_inputs import INPUTS
from rehearsal.docker_provider.resources.registry import TYPES
from tests.rehearsal.docker_provider.conftest import CONTAINER
from tests.rehearsal.provider.sdk import outputs, properties, strange

# docker-types: 47 inputs, of which `image` is one; `deviceCgroupRules` came with a later SDK.
FORCE_NEW = """capabilities cgroupParent cgroupnsMode command cpus deviceRequests devices dns dnsOpts dnsSearches
domainname entrypoints envs gpus groupAdds hostname hosts image ipcMode labels logDriver logOpts mounts name networkMode
networksAdvanced pidMode platform ports privileged publishAllPorts readOnly runtime securityOpts shmSize stdinOpen
stopSignal stopTimeout storageOpts sysctls tty ulimits uploads user usernsMode volumes workingDir deviceCgroupRules"""
SDK = importlib.import_module("pulumi_docker")


def arguments(token: str) -> type:
    return getattr(SDK, f"{token.rsplit(':', 1)[1]}Args")


@pytest.mark.parametrize("token", TYPES)
def test_every_input_is_one_of_the_sdks(token: str) -> None:
    assert list(strange(TYPES[token].fields, arguments(token), SDK)) == []


@pytest.mark.parametrize("token", TYPES)
def test_what_the_sdk_requires_is_required(token: str) -> None:
    required = {name for name, (needed, _) in properties(arguments(token)).items() if needed}
    assert required - {name for name, one in TYPES[token].fields.items() if one.required} == set()


@pytest.mark.parametrize("token", TYPES)
def test_every_output_is_one_of_the_sdks(token: str) -> None:
    assert TYPES[token].computed - outputs(getattr(SDK, token.rsplit(":", 1)[1])) == set()


def test_every_input_of_a_container_is_served() -> None:
    assert set(properties(arguments(CONTAINER))) - set(TYPES[CONTAINER].fields) == set()


def test_what_replaces_a_container_is_the_real_list() -> None:
    assert {name for name, one in INPUTS.items() if one.replaces} == set(FORCE_NEW.split())
