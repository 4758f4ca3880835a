"""All that a service leaves on a Docker host, taken away: what the program itself protects and retains."""

import docker

from components.docker import names


def remove(client: docker.DockerClient, service: str) -> None:
    """Remove *service*'s containers, then its volume and its network; what is not there is no matter."""
    for container in client.containers.list(all=True, filters={"label": f"{names.SERVICE}={service}"}):
        container.remove(force=True, v=True)
    for volume in client.volumes.list(filters={"name": names.volume(service)}):
        if volume.name == names.volume(service):  # the filter takes a part of a name too
            volume.remove(force=True)
    for network in client.networks.list(names=[names.network(service)]):
        if network.name == names.network(service):
            network.remove()
