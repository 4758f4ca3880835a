"""Which daemon the stand-in works with, and which it refuses: anything that is not on this machine."""

import base64
import json
from pathlib import Path
from typing import Any

import grpc
import pytest

from rehearsal.docker_provider.config import auths, configured
from rehearsal.provider.errors import RefusedError
from tests.rehearsal.docker_provider.conftest import CONTAINER
from tests.rehearsal.provider.engine import Engine, refusal

SSH = "ssh://deploy@127.0.0.1:9"  # nobody listens there


@pytest.mark.parametrize(
    "host", ["tcp://10.0.0.1:2375", "ssh://deploy@h1", "http://example.com", "unix://h1/a", "npipe:x"]
)
def test_another_machine_is_refused_with_the_way_out(host: str) -> None:
    with pytest.raises(RefusedError, match=r"refuses to work anywhere else.*pulumi plugin install resource docker"):
        configured({"host": host}, {})


def test_the_environments_host_is_judged_alike() -> None:
    with pytest.raises(RefusedError, match=r"the host tcp://10\.0\.0\.1:2375 is neither"):
        configured({}, {"DOCKER_HOST": "tcp://10.0.0.1:2375"})


@pytest.mark.parametrize("check", ["true", "false"])
def test_a_socket_where_nobody_is_fails_at_configure(tmp_path: Path, check: str) -> None:
    host = f"unix://{tmp_path / 'none.sock'}"
    with pytest.raises(RefusedError, match="failed to connect to any docker daemon"):
        configured({"host": host, "disableDockerDaemonCheck": check}, {})


def test_a_host_behind_ssh_is_asked_by_the_first_request_only(served: str, shell: str) -> None:
    with grpc.insecure_channel(served) as channel:
        engine = Engine(channel)
        engine.configure(host=SSH, sshOpts=["-o", "BatchMode=yes"])
        inputs, failures = engine.check(CONTAINER, {"image": shell})
        assert failures == {}
        assert engine.create(CONTAINER, inputs, preview=True)[0] == ""
        with pytest.raises(grpc.RpcError) as caught:
            engine.create(CONTAINER, inputs)
    assert f"Error pinging Docker server, please make sure that {SSH} is reachable" in refusal(caught)
    assert "stderr=" in refusal(caught)
    assert "Connection refused" in refusal(caught)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"colour": "red"}, "unknown key colour"),
        ({"context": "remote"}, "context is not served by this stand-in"),
        ({"certPath": "/certs"}, "certPath is not served"),
        ({"host": "unix:///x", "sshOpts": "["}, "sshOpts must be JSON"),
        ({"host": "unix:///x", "registryAuth": '[{"user": "a"}]'}, "registryAuth: unknown key user"),
        ({"host": "unix:///x", "registryAuth": '[{"username": "a"}]'}, "each needs an address"),
        (
            {"host": "unix:///x", "registryAuth": '[{"address": "r", "configFile": "/no/such"}]'},
            "could not open config",
        ),
    ],
)
def test_what_it_does_not_know_is_refused_by_name(arguments: dict[str, Any], reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        configured(arguments, {})


FILE = json.dumps({"auths": {"https://r:5000/v1/": {"auth": base64.b64encode(b"u:p:q").decode()}}})


@pytest.mark.parametrize(
    ("given", "environment", "expected"),
    [
        ({"username": "u", "password": "p"}, {}, ("u", "p")),
        ({}, {"DOCKER_REGISTRY_USER": "e", "DOCKER_REGISTRY_PASS": "f"}, ("e", "f")),
        ({"configFileContent": FILE}, {}, ("u", "p:q")),
        ({"authDisabled": True}, {}, ("username", "password")),
    ],
)
def test_credentials_are_found_where_the_real_provider_finds_them(given: Any, environment: Any, expected: Any) -> None:
    (found,) = auths([{"address": "r:5000", **given}], environment).values()
    assert (found["username"], found["password"]) == expected


def test_a_registrys_config_file_may_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(FILE)
    assert auths([{"address": "https://r:5000"}], {"DOCKER_CONFIG": str(tmp_path)})["r:5000"]["username"] == "u"


def test_a_registry_that_the_file_does_not_know_is_refused() -> None:
    with pytest.raises(RefusedError, match="couldn't find registry config for 'other'"):
        auths([{"address": "other", "configFileContent": FILE}], {})
