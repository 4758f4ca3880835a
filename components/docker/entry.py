"""Where clients reach a service: whether the router's port can be had on the host.

In: the service, `sluice:docker`, the host. Out: nothing, or RunError with config path, value, reason and what to write
instead. Docker says it only when the router's container starts, and leaves that there.
"""

import pulumi
from docker.errors import APIError
from requests.exceptions import RequestException

from components.config_docker import Docker
from components.docker import names
from components.docker.host import Host, short

ANY = ("0.0.0.0", "::")


def check(service: str, of: Docker, host: Host) -> None:
    """RunError when another container publishes a port of it. What else may hold one, a preview cannot see."""
    for one in host.client.api.containers():
        holder = one["Names"][0].removeprefix("/")
        taken = {
            port.get("PublicPort")
            for port in one["Ports"]
            if of.interface in (port.get("IP"), *ANY) or port.get("IP") in ANY
        }
        for port in published(of).values():
            if holder != names.router(service) and port in taken:
                raise pulumi.RunError(_taken(of, port, f"the container {holder} publishes it"))


def published(of: Docker) -> dict[int, int]:
    """The host's ports by those of the router's container: of its clients, and of a Prometheus where one is wanted."""
    return {names.ENTRY: of.port, **({names.SCRAPE: of.metrics} if of.metrics else {})}


def probe(of: Docker, host: Host, image: str, network: str) -> None:
    """Publish each port for a moment, from a container of the router's *image* on *network*; RunError when not."""
    for inside, port in published(of).items():
        _probe(of, host, image, network, (inside, port))


def _probe(of: Docker, host: Host, image: str, network: str, ports: tuple[int, int]) -> None:
    client, (inside, port) = host.client, ports
    try:
        bound = {inside: (of.interface, port)}
        config = client.api.create_host_config(port_bindings=bound, network_mode=network)
        made = client.api.create_container(
            image, ["--version"], entrypoint=["envoy"], ports=[inside], host_config=config
        )
    except (APIError, RequestException) as error:
        raise pulumi.RunError(f"sluice:docker.router: {of.router} makes no container: {short(error)}") from None
    try:
        client.api.start(made["Id"])
    except (APIError, RequestException) as error:
        raise pulumi.RunError(_why(of, port, short(error))) from None
    finally:
        client.api.remove_container(made["Id"], force=True, v=True)


def _why(of: Docker, port: int, said: str) -> str:
    reason = said.rpartition("): ")[2]
    if "cannot assign" in said:
        return (
            f"sluice:docker.interface: {of.interface} is no address of the host ({reason}); write one that it has, "
            "such as interface: 127.0.0.1"
        )
    if "address already in use" in said or "already allocated" in said:
        return _taken(of, port, reason)
    return f"sluice:docker.router: {of.router} does not start: {said}"


def _taken(of: Docker, port: int, reason: str) -> str:
    key, another = "port" if port == of.port else "metrics", port + 1 if port < 65535 else 8080
    return (
        f"sluice:docker.{key}: {port} of {of.interface} is taken ({reason}); write another one, such as {key}: "
        f"{another}, or end what holds it"
    )
