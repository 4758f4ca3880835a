"""A database as its host shows it: whether it answers, whose remnants go."""

import pytest

from components.docker import database, names
from components.docker.host import Host
from rollout.errors import RefusedError
from tests.containers import scratch_image


def test_one_that_never_answers_is_refused_with_where_to_look(docker_host, monkeypatch):
    monkeypatch.setattr(database, "READY", 0.0)
    with pytest.raises(
        RefusedError, match=r"does not answer: there is no container never-postgres .*`docker logs never-postgres`"
    ):
        database.await_answer(Host(docker_host), "never-postgres")


def test_what_a_killed_run_left_goes_and_anothers_container_of_that_name_stays(docker_client, docker_host):
    with scratch_image(docker_client) as image:
        for service, of in (("left", "left"), ("kept", "other")):
            labels = {names.SERVICE: of}
            docker_client.containers.create(image.id, ["/none"], name=names.postgres(service), labels=labels)
            database.remove(Host(docker_host), service)
        database.remove(Host(docker_host), "never")
        found = {one.name for one in docker_client.containers.list(all=True)}
        docker_client.containers.get("kept-postgres").remove()
    assert found & {"left-postgres", "kept-postgres"} == {"kept-postgres"}
