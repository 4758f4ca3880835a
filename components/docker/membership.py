"""Who is on a service's network: what was taken off it is put back, at the address it had.

In: a service, its subnet, the host. Out: the containers that are not on it; RouterError when the daemon refuses.

A network that someone removed takes every container off it, and the engine sees nothing of that: a refresh does not
read a container's networks. Made anew under its name it is another network, which nobody is on.
"""

from collections.abc import Iterator
from typing import Any

from docker.errors import APIError, NotFound
from requests.exceptions import RequestException

from components.docker import addresses, names
from components.docker.host import Host, short
from rollout.errors import RouterError


def astray(service: str, subnet: str, host: Host) -> list[str]:
    """The names of the service's containers that are not on its network, or on a former one of that name."""
    with_network = _network(service, host)
    return sorted(one.name for one, _ in _missing(service, subnet, host, with_network.id if with_network else ""))


def rejoin(service: str, subnet: str, host: Host, only: str | None = None) -> None:
    """Put each of the service's containers, or *only* the one of that id, on its network, if there is one.

    Those that run go on running.
    """
    network = _network(service, host)
    if network is None:
        return
    for container, address in _missing(service, subnet, host, network.id):
        if only not in (None, container.id):
            continue
        try:
            network.connect(container, ipv4_address=address)
        except (APIError, RequestException) as error:
            raise RouterError(f"put {container.name} on {network.name}: {short(error)}", passing=True) from None


def _network(service: str, host: Host) -> Any:
    try:
        return host.client.networks.get(names.network(service))
    except NotFound:
        return None
    except (APIError, RequestException) as error:
        raise RouterError(f"look at the network: {short(error)}", passing=True) from None


def _missing(service: str, subnet: str, host: Host, network: str) -> Iterator[tuple[Any, str]]:
    """Containers that are not on the network of the id *network*, with the address of each."""
    try:
        every = host.client.containers.list(
            all=True, filters={"label": f"{names.SERVICE}={service}"}, ignore_removed=True
        )
    except (APIError, RequestException) as error:
        raise RouterError(f"list the containers of {service}: {short(error)}", passing=True) from None
    for container in every:
        address = container.labels.get(names.ADDRESS)
        if container.name == names.router(service):
            address = addresses.router(subnet)
        held = container.attrs["NetworkSettings"]["Networks"].get(names.network(service))
        if address and (held is None or held["NetworkID"] != network):
            yield container, address
