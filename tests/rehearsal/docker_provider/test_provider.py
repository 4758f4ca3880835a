"""The stand-in for pulumi-docker at work: what it does not serve is refused by name; a daemon behind ssh is as good."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import grpc
import pytest

from tests.rehearsal.docker_provider.conftest import CONTAINER, Make
from tests.rehearsal.provider.engine import Engine, refusal

COMMAND = Path(__file__).resolve().parents[3] / "rehearsal" / "bin" / "docker" / "pulumi-resource-docker"


@pytest.mark.parametrize("name", ["image:Image", "registryImage:RegistryImage", "service:Service", "plugin:Plugin"])
def test_a_type_that_is_not_served_is_refused_by_name(engine: Engine, name: str) -> None:
    token = f"docker:index/{name}"
    with pytest.raises(grpc.RpcError) as caught:
        engine.check(token, {})
    assert refusal(caught).startswith(f"the type {token} is not served by this stand-in of pulumi-docker; served are ")


def test_a_lookup_is_refused_by_name(engine: Engine) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        engine.invoke("docker:index/getNetwork:getNetwork", name="bridge")
    assert "getNetwork is not served by this stand-in of pulumi-docker" in refusal(caught)


def test_a_components_child_is_of_its_own_type(engine: Engine) -> None:
    _, failures = engine.check(f"sluice:docker:Slice${CONTAINER}", {"image": "x", "name": "y"})
    assert failures == {}


@pytest.fixture
def ssh(tmp_path: Path, docker_host: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An `ssh` that runs here what it is to run there; the file has the arguments of each call."""
    command = shutil.which("docker")
    if command is None:
        pytest.skip("the far side of an ssh host needs the docker command, and it is not here")
    called = tmp_path / "called"
    (tmp_path / "ssh").write_text(
        f'#!/bin/sh\necho "$@" >> {called}\nexec {command} -H {docker_host} system dial-stdio\n'
    )
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return called


def test_nothing_of_a_tunnel_is_left_when_the_provider_ends(tmp_path: Path) -> None:
    tunnels = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, COMMAND, "127.0.0.1:1"], env=tunnels, stdout=subprocess.PIPE) as process:
        assert process.stdout
        with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
            Engine(channel).configure(host="ssh://deploy@localhost")
            assert list(tmp_path.iterdir()) != []
        process.send_signal(signal.SIGINT)
    assert list(tmp_path.iterdir()) == []


def test_a_daemon_behind_ssh_does_the_same(engine: Engine, ssh: Path, make: Make, docker_host: str) -> None:
    engine.configure(host="ssh://deploy@localhost:2222", sshOpts=["-o", "BatchMode=yes"])
    try:
        made = make(command=["sleep", "9"])
        assert dict(made.refresh().diff().detailedDiff) == {}
        made.delete()
    finally:
        engine.configure(host=docker_host)
    expected = "-l deploy -p 2222 -o BatchMode=yes -o ConnectTimeout=30 -T -- localhost docker system dial-stdio"
    assert set(ssh.read_text().splitlines()) == {expected}
