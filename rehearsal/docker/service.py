"""All that a service leaves on a Docker host, taken away: what the program itself protects and retains."""

import docker

from components.docker import names


def remove(client: docker.DockerClient, service: str) -> None:
    """Remove *service*'s containers, then its volumes and its network; what is not there is no matter."""
    for container in client.containers.list(all=True, filters={"label": f"{names.SERVICE}={service}"}):
        container.remove(force=True, v=True)
    for volume in client.volumes.list(filters={"name": service}):
        if volume.name in (names.volume(service), names.postgres(service), names.password(service)):
            volume.remove(force=True)
    for network in client.networks.list(names=[names.network(service)]):
        if network.name == names.network(service):
            network.remove()
