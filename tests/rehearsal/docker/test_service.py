"""What a service leaves on a host is taken away, and nothing of another's."""

from rehearsal.docker import service
from tests.containers import scratch_image


def test_a_services_containers_volumes_and_network_go_and_no_others(docker_client):
    with scratch_image(docker_client) as image:
        made = []
        for name in ("leaves", "leaves-not"):
            labels = {"sluice.service": name}
            container = docker_client.containers.create(image.id, ["/none"], labels=labels)
            of = [docker_client.volumes.create(f"{name}-{what}") for what in ("routes", "postgres", "password")]
            made.append((container, of))
            docker_client.networks.create(f"{name}-slices")
        service.remove(docker_client, "leaves")
        left = [one.id for one in docker_client.containers.list(all=True)]
        volumes = {one.name for one in docker_client.volumes.list()}
        networks = {one.name for one in docker_client.networks.list()}
        service.remove(docker_client, "leaves-not")
    assert [container.id in left for container, _ in made] == [False, True]
    assert [[volume.name in volumes for volume in of] for _, of in made] == [[False] * 3, [True] * 3]
    assert {"leaves-slices", "leaves-not-slices"} & networks == {"leaves-not-slices"}
    assert docker_client.volumes.list(filters={"name": "leaves-not-"}) == []


def test_where_nothing_is_left_nothing_happens(docker_client):
    service.remove(docker_client, "never-was")
