"""A Docker host that cannot be reached is told in one line."""

import pulumi
import pytest
from docker.models.containers import ExecResult

from components.docker.host import Host
from rehearsal.cloud.loopback import LOOPBACK, free
from rollout.errors import RouterError


def unreachable(url: str) -> str:
    with pytest.raises(pulumi.RunError) as caught:
        _ = Host(url).client
    return str(caught.value)


def test_no_daemon_at_a_socket(tmp_path):
    url = f"unix://{tmp_path}/none.sock"
    assert unreachable(url) == (
        f"sluice:docker.host: no Docker daemon answers at {url}: No such file or directory; start one there (`"
        "systemctl start docker`), or write the address of another, such as host: ssh://deploy@shop-1.example.com"
    )


def test_a_port_where_no_ssh_listens():
    url = f"ssh://deploy@{LOOPBACK}:{free()}"
    said = unreachable(url)
    assert said.startswith(f"sluice:docker.host: no Docker daemon answers at {url}: ssh: connect to host {LOOPBACK}")
    assert "Connection refused; start one there" in said
    assert len(said.splitlines()) == 1


def test_a_name_that_is_no_host():
    assert "Could not resolve hostname" in unreachable("ssh://deploy@no-such-host.invalid")


def test_a_daemon_that_answers(docker_client, docker_host):
    assert Host(docker_host).client.info()["ID"] == docker_client.info()["ID"]


def test_a_container_that_is_not_there(docker_client, docker_host):
    del docker_client
    with pytest.raises(RouterError, match="there is no container nobody-router on unix://"):
        Host(docker_host).run("nobody-router", ["true"])


class Cut:
    """A client of the SDK whose connection broke while a command ran."""

    containers = property(lambda self: self)

    def get(self, name: str) -> "Cut":
        return self

    def exec_run(self, command: list[str], demux: bool) -> ExecResult:
        return ExecResult(None, (None, None))  # pyright: ignore[reportArgumentType]


def test_a_command_whose_end_nobody_knows_is_to_be_tried_again():
    host = Host("unix:///nowhere.sock")
    host.__dict__["_connected"] = Cut()
    with pytest.raises(RouterError, match="did not say how sh ended") as unknown:
        host.run("shop-router", ["sh", "-c", "true"])
    assert unknown.value.passing
