"""The place of the demo on containers: what it raises, and that it takes all of that down again."""

import pytest

from rehearsal import dockyard, registry
from rehearsal.cloud.loopback import answers
from rehearsal.dockyard import SERVICE, Containers
from rehearsal.place import PlaceError
from rehearsal.stage import Stage


@pytest.fixture
def stage(tmp_path, monkeypatch):
    """A stage whose daemon, if it needs one of its own, would be below the test's folder."""
    monkeypatch.setattr(dockyard, "DEFAULT_HOME", tmp_path / "rehearsal")
    yield Stage(tmp_path, tmp_path / "cloud", "demo-containers")
    registry.stop(tmp_path / "cloud" / "registry")


def test_without_a_daemon_it_says_how_to_get_one(stage, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{stage.home}/none.sock")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    told: list[str] = []
    place = Containers(told.append)
    with pytest.raises(PlaceError, match=r"^no Docker daemon: only root can .* To have one: start Docker"):
        place.up(stage)
    assert told == [f"DOCKER_HOST is unix://{stage.home}/none.sock, where nobody answers"]
    place.down(stage)


def test_on_a_daemon_that_was_there_it_leaves_but_our_three_images(stage, monkeypatch, docker_client, docker_host):
    monkeypatch.setenv("DOCKER_HOST", docker_host)
    place = Containers(lambda _: None)
    place.up(stage)
    entry = place.release(stage, "v3", FAIL="0.05")
    at, _, digest = entry["image"].partition(f"/{SERVICE}@")
    assert "FAIL=0.05" in docker_client.images.pull(entry["image"]).attrs["Config"]["Env"]
    assert digest.startswith("sha256:")
    assert answers(int(at.rpartition(":")[2]))
    docker_client.containers.create(entry["image"], labels={"sluice.service": SERVICE})
    settings = place.settings()
    assert (settings["platform"], settings["docker"]["host"]) == ("docker", docker_host)
    place.down(stage)
    place.down(stage)
    assert docker_client.containers.list(all=True, filters={"label": f"sluice.service={SERVICE}"}) == []
    names = [name for one in docker_client.images.list() for name in (*one.tags, *one.attrs["RepoDigests"])]
    assert {"sluice/node:latest", "sluice/router:latest"} <= set(names)
    assert [name for name in names if SERVICE in name] == []
    assert not answers(int(at.rpartition(":")[2]))
    assert docker_client.ping()
