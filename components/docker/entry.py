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
    """RunError when another container publishes the port. What else may hold it, a preview cannot see."""
    for one in host.client.api.containers():
        holder = one["Names"][0].removeprefix("/")
        taken = [(port.get("IP"), port.get("PublicPort")) for port in one["Ports"]]
        if holder != names.router(service) and any(
            port == of.port and (of.interface in (address, *ANY) or address in ANY) for address, port in taken
        ):
            raise pulumi.RunError(_taken(of, f"the container {holder} publishes it"))


def probe(of: Docker, host: Host, image: str, network: str) -> None:
    """Publish the port for a moment, from a container of the router's *image* on *network*; RunError when it cannot."""
    client = host.client
    try:
        bound = {names.ENTRY: (of.interface, of.port)}
        config = client.api.create_host_config(port_bindings=bound, network_mode=network)
        made = client.api.create_container(
            image, ["--version"], entrypoint=["envoy"], ports=[names.ENTRY], host_config=config
        )
    except (APIError, RequestException) as error:
        raise pulumi.RunError(f"sluice:docker.router: {of.router} makes no container: {short(error)}") from None
    try:
        client.api.start(made["Id"])
    except (APIError, RequestException) as error:
        raise pulumi.RunError(_why(of, short(error))) from None
    finally:
        client.api.remove_container(made["Id"], force=True, v=True)


def _why(of: Docker, said: str) -> str:
    reason = said.rpartition("): ")[2]
    if "cannot assign" in said:
        return (
            f"sluice:docker.interface: {of.interface} is no address of the host ({reason}); write one that it has, "
            "such as interface: 127.0.0.1"
        )
    if "address already in use" in said or "already allocated" in said:
        return _taken(of, reason)
    return f"sluice:docker.router: {of.router} does not start: {said}"


def _taken(of: Docker, reason: str) -> str:
    another = of.port + 1 if of.port < 65535 else 8080
    return (
        f"sluice:docker.port: {of.port} of {of.interface} is taken ({reason}); write another one, such as port: "
        f"{another}, or end what holds it"
    )
