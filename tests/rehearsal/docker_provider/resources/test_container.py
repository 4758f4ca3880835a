"""A container through its life: what a create refuses, a refresh sees, an update sends; how a delete kills."""

import time
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from docker.api.client import APIClient

from tests.patience import eventually
from tests.rehearsal.docker_provider.conftest import CONTAINER, NETWORK, VOLUME, Make
from tests.rehearsal.provider.engine import Engine, failed_initialization, refusal

IGNORES_TERM = ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"]
HEALTHY = {"tests": ["CMD", "true"], "interval": "1s"}
UNHEALTHY = {"tests": ["CMD-SHELL", "exit 1"], "interval": "1s", "retries": 1}
BOTH = {"entrypoints": ["sh", "-c"], "command": ["sleep 1000"]}
Failing = Callable[..., pytest.ExceptionInfo[grpc.RpcError]]

# As DESIGN §7 wants a slice's containers: nothing of it may ever differ.
SLICE: dict[str, Any] = {
    "restart": "unless-stopped",
    "mustRun": True,
    "wait": False,
    "memory": 64,
    "memorySwap": 64,
    "cpus": "0.5",
    "ulimits": [{"name": "nofile", "soft": 1024, "hard": 2048}, {"name": "nproc", "soft": 100, "hard": 100}],
    "readOnly": True,
    "tmpfs": {"/tmp": "rw,size=16m"},
    "capabilities": {"drops": ["ALL"], "adds": ["CAP_NET_BIND_SERVICE"]},
    "securityOpts": ["no-new-privileges:true"],
    "user": "10001:10001",
    "healthcheck": {"tests": ["CMD", "true"], "interval": "10s", "timeout": "500ms", "startPeriod": "1m0s"},
    "logDriver": "json-file",
    "logOpts": {"max-size": "1m"},
    "init": False,
    "stopSignal": "SIGTERM",
    "stopTimeout": 5,
    "destroyGraceSeconds": 5,
    "labels": [{"label": "sluice.service", "value": "shop"}],
    "envs": ["A=1", "B=2"],
}
CLEAN: list[dict[str, Any]] = [
    {},
    {"command": ["sleep", "999"]},
    BOTH,
    {"hostname": "web", "domainname": "example"},
    {"user": "1000"},
    {"workingDir": "/bin"},
    {"restart": "on-failure", "maxRetryCount": 3},
    {"cpuShares": 512, "cpuSet": "0"},
    {"cpuPeriod": 100000, "cpuQuota": 50000},
    {"cpus": "1.0"},
    {"cpus": "0.25"},
    {"memory": 64, "memorySwap": 64},
    {"memory": 64, "memorySwap": -1},
    {"logOpts": {"max-size": "1m"}},
    {"ports": [{"internal": 80, "ip": "127.0.0.1"}]},
    {"ports": [{"internal": 80}, {"internal": 81, "protocol": "udp"}]},
    {
        "mounts": [
            {"type": "tmpfs", "target": "/t"},
            {"type": "bind", "source": "/etc", "target": "/e", "readOnly": True},
        ]
    },
    {"mounts": [{"type": "tmpfs", "target": "/t", "tmpfsOptions": {"sizeBytes": 1048576, "mode": 448}}]},
    {"tmpfs": {"/t": ""}},
    {"volumes": [{"hostPath": "/etc", "containerPath": "/host", "readOnly": True}]},
    {"volumes": [{"containerPath": "/anonymous"}]},
    {"sysctls": {"net.ipv4.ip_unprivileged_port_start": "0"}},
    {"dns": ["127.0.0.1"], "dnsOpts": ["ndots:1"], "dnsSearches": ["example"]},
    {"hosts": [{"host": "db", "ip": "127.0.0.1"}]},
    {"labels": [{"label": "b", "value": "2"}, {"label": "a", "value": "1"}], "envs": ["B=2", "A=1"]},
    {"init": True},
    {"stopSignal": "TERM"},
    {"shmSize": 32},
    {"groupAdds": ["100"]},
    {"ipcMode": "private"},
    {"runtime": "runc"},
    {"uploads": [{"file": "/etc/secret", "content": "s3cret", "permissions": "0400"}]},
    {"securityOpts": ["no-new-privileges"]},
    {"healthcheck": HEALTHY},
    {"privileged": False, "publishAllPorts": False},
    SLICE,
]


@pytest.mark.parametrize("inputs", CLEAN, ids=lambda one: ", ".join(one) or "nothing")
def test_spellings_in_which_nothing_differs(make: Make, inputs: dict[str, Any]) -> None:
    made = make(**inputs)
    assert dict(made.diff().detailedDiff) == {}
    again = made.refresh()
    assert dict(again.diff().detailedDiff) == {}
    assert again.refresh().state == again.state


DIFFERS: list[tuple[dict[str, Any], list[str], list[str], bool]] = [
    # inputs, what differs at once, what differs after a refresh, whether that replaces
    ({"memory": 64}, [], ["memorySwap"], False),
    ({"cpus": "1"}, ["cpus"], ["cpus"], True),
    ({"cpus": "0.50"}, ["cpus"], ["cpus"], True),
    ({"capabilities": {"adds": ["NET_BIND_SERVICE"]}}, [], ["capabilities.adds"], True),
    ({"healthcheck": {"tests": ["CMD", "true"], "interval": "60s"}}, [], ["healthcheck.interval"], False),
    ({"healthcheck": {"tests": ["CMD", "true"], "interval": "1500ms"}}, [], ["healthcheck.interval"], False),
    ({"platform": "linux/amd64"}, ["platform"], ["platform"], True),
    ({"workingDir": "/tmp/"}, ["workingDir"], ["workingDir"], True),
    ({"ports": [{"internal": 80}, {"internal": 80}]}, ["ports"], ["ports"], True),
]


@pytest.mark.parametrize(("inputs", "at_once", "refreshed", "replaces"), DIFFERS, ids=lambda one: str(one)[:40])
def test_spellings_that_differ(
    make: Make, inputs: dict[str, Any], at_once: list[str], refreshed: list[str], replaces: bool
) -> None:
    made = make(**inputs)
    assert sorted(made.diff().detailedDiff) == at_once
    after = made.refresh().diff()
    assert sorted({path.split("[")[0] for path in after.detailedDiff}) == refreshed
    assert bool(after.replaces) == replaces


@pytest.mark.parametrize("form", ["digest", "id"])
def test_the_image_keeps_the_form_it_was_asked_for_in(make: Make, client: APIClient, shell: str, form: str) -> None:
    image = shell if form == "digest" else client.inspect_image(shell)["Id"]
    made = make(image=image).refresh()
    assert made.state["image"] == image
    assert dict(made.diff().detailedDiff) == {}
    other = client.inspect_image(shell)["Id"] if form == "digest" else shell
    assert list(made.diff(image=other).replaces) == ["image"]


def test_a_network_by_name_with_a_fixed_address_does_not_differ(make: Make, client: APIClient) -> None:
    network = make(NETWORK, ipamConfigs=[{"subnet": "10.212.7.0/24"}])
    attached = {"name": network.state["name"], "aliases": ["web", "v1"], "ipv4Address": "10.212.7.77"}
    made = make(networksAdvanced=[attached]).refresh()
    assert dict(made.diff().detailedDiff) == {}
    (data,) = made.state["networkDatas"]
    assert (data["networkName"], data["ipAddress"]) == (network.state["name"], "10.212.7.77")
    assert list(client.inspect_container(made.id)["NetworkSettings"]["Networks"]) == [network.state["name"]]


def test_a_network_taken_away_by_hand_is_not_seen(make: Make, client: APIClient) -> None:
    network = make(NETWORK)
    made = make(networksAdvanced=[{"name": network.id}])
    client.disconnect_container_from_network(made.id, network.id)
    assert dict(made.refresh().diff().detailedDiff) == {}


def test_a_volume_is_mounted_by_its_name(make: Make, client: APIClient) -> None:
    volume = make(VOLUME)
    made = make(mounts=[{"type": "volume", "source": volume.state["name"], "target": "/data"}]).refresh()
    assert dict(made.diff().detailedDiff) == {}
    assert [one["Name"] for one in client.inspect_container(made.id)["Mounts"]] == [volume.id]


# From outside


def test_a_stopped_one_is_started_not_replaced(make: Make, client: APIClient) -> None:
    made = make(command=["sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.1; done"])
    client.stop(made.id)
    stopped = made.refresh()
    assert (stopped.state["mustRun"], stopped.state["exitCode"]) == (False, 7)
    diff = stopped.diff()
    assert (sorted(diff.detailedDiff), list(diff.replaces)) == (["mustRun"], [])
    stopped.update()
    assert client.inspect_container(made.id)["State"]["Running"]


def test_a_stopped_one_that_publishes_a_port_is_replaced(make: Make, client: APIClient) -> None:
    made = make(ports=[{"internal": 80, "ip": "127.0.0.1"}])
    client.kill(made.id)
    stopped = made.refresh()
    assert stopped.state["ports"] == []
    assert list(stopped.diff().replaces) == ["ports"]


def test_a_removed_one_is_gone(make: Make, client: APIClient) -> None:
    made = make()
    client.remove_container(made.id, force=True)
    assert made.refresh().id == ""


def test_a_renamed_one_keeps_its_new_name(engine: Engine, shell: str, client: APIClient) -> None:
    made = engine.made(CONTAINER, image=shell)
    try:
        client.rename(made.id, f"{made.state['name']}-renamed")
        again = made.refresh()
        assert again.state["name"] == f"{made.state['name']}-renamed"
        assert dict(again.diff().detailedDiff) == {}
    finally:
        made.delete()


def test_memory_changed_by_hand_is_seen_and_put_back(make: Make, client: APIClient) -> None:
    made = make(memory=64, memorySwap=64)
    client.update_container(made.id, mem_limit="32m", memswap_limit="32m")
    drifted = made.refresh()
    assert sorted(drifted.diff().detailedDiff) == ["memory", "memorySwap"]
    drifted.update()
    assert client.inspect_container(made.id)["HostConfig"]["Memory"] == 64 * 1024 * 1024


def test_environment_and_labels_are_never_read(make: Make) -> None:
    state = make().refresh().state
    assert {"envs", "labels", "uploads", "volumes", "networksAdvanced"}.isdisjoint(state)


# Changes

IN_PLACE: list[dict[str, Any]] = [
    {"restart": "always"},
    {"restart": "on-failure", "maxRetryCount": 2},
    {"cpuShares": 100},
    {"cpuSet": "0"},
    {"memory": 32, "memorySwap": 32, "memoryReservation": 16},
]


@pytest.mark.parametrize("changes", IN_PLACE, ids=", ".join)
def test_a_change_in_place_is_sent(make: Make, changes: dict[str, Any]) -> None:
    made = make(memory=64, memorySwap=64)
    diff = made.diff(**changes)
    assert (set(diff.diffs), list(diff.replaces)) == (set(changes), [])
    assert dict(made.update(**changes).refresh().diff().detailedDiff) == {}


WRITTEN_DOWN: list[dict[str, Any]] = [
    {"healthcheck": {"tests": ["CMD", "false"]}},
    {"init": True},
    {"tmpfs": {"/t": ""}},
]


@pytest.mark.parametrize("changes", WRITTEN_DOWN, ids=", ".join)
def test_a_change_that_is_only_written_down_differs_again_after_a_refresh(make: Make, changes: dict[str, Any]) -> None:
    made = make(healthcheck=HEALTHY, init=False, tmpfs={})
    assert list(made.diff(**changes).replaces) == []
    changed = made.update(**changes)
    assert dict(changed.diff().detailedDiff) == {}
    assert changed.refresh().diff().changes == changed.diff().DIFF_SOME


@pytest.mark.parametrize("changes", [{"wait": True}, {"destroyGraceSeconds": 3}, {"removeVolumes": False}], ids=str)
def test_a_change_that_the_daemon_never_hears_of_is_kept(make: Make, changes: dict[str, Any]) -> None:
    changed = make().update(**changes).refresh()
    assert dict(changed.diff().detailedDiff) == {}
    assert {key: changed.state[key] for key in changes} == changes


# Refused by a create


def test_a_failed_wait_is_kept_without_what_the_daemon_says(failing: Failing) -> None:
    began = time.monotonic()
    caught = failing(healthcheck=UNHEALTHY, wait=True, waitTimeout=2)
    assert time.monotonic() - began > 2  # `unhealthy` after one second does not end it
    assert refusal(caught).endswith("container failed to be in healthy state")
    left = failed_initialization(caught)
    assert {"networkDatas", "entrypoints", "exitCode"}.isdisjoint(left.state)
    assert left.state["mustRun"] is True


def left(engine: Engine, caught: pytest.ExceptionInfo[grpc.RpcError]) -> tuple[list[str], list[str]]:
    """What the next `up` finds different in what a failed create left, and what of it replaces."""
    half = failed_initialization(caught)
    diff = engine.diff(CONTAINER, half.id, half.state, half.inputs)
    return sorted(diff.detailedDiff), list(diff.replaces)


def test_after_a_failed_wait_what_gave_no_entrypoint_is_replaced(engine: Engine, failing: Failing) -> None:
    caught = failing(healthcheck=UNHEALTHY, wait=True, waitTimeout=0, command=["sleep", "9"])
    assert left(engine, caught) == (["entrypoints", "networkDatas"], ["entrypoints"])


def test_after_a_failed_wait_what_gave_one_is_updated_and_green(engine: Engine, failing: Failing) -> None:
    caught = failing(healthcheck=UNHEALTHY, wait=True, waitTimeout=0, **BOTH)
    assert left(engine, caught) == (["networkDatas"], [])
    half = failed_initialization(caught)
    assert engine.update(CONTAINER, half.id, half.state, half.inputs)["mustRun"] is True


def test_after_a_failed_wait_a_refresh_finds_nothing(engine: Engine, failing: Failing) -> None:
    half = failed_initialization(failing(healthcheck=UNHEALTHY, wait=True, waitTimeout=0, command=["sleep", "9"]))
    _, state, inputs = engine.read(CONTAINER, half.id, half.state, half.inputs)
    assert dict(engine.diff(CONTAINER, half.id, state, inputs).detailedDiff) == {}


def test_a_failed_start_is_forgotten_too(engine: Engine, failing: Failing, client: APIClient) -> None:
    caught = failing(entrypoints=["/no-such"], command=["x"])
    assert "Unable to start container: Error response from daemon: " in refusal(caught)
    half = failed_initialization(caught)
    assert left(engine, caught) == (["networkDatas"], [])
    engine.update(CONTAINER, half.id, half.state, half.inputs)
    assert client.inspect_container(half.id)["State"]["Status"] == "created"  # green, and never started


def test_a_refresh_brings_a_failed_start_back(engine: Engine, failing: Failing) -> None:
    half = failed_initialization(failing(entrypoints=["/no-such"], command=["x"]))
    _, state, inputs = engine.read(CONTAINER, half.id, half.state, half.inputs)
    checked, _ = engine.check(CONTAINER, {**inputs, "mustRun": True}, inputs)
    assert sorted(engine.diff(CONTAINER, half.id, state, checked).detailedDiff) == ["mustRun"]
    with pytest.raises(grpc.RpcError) as caught:
        engine.update(CONTAINER, half.id, state, checked)
    assert "Unable to start container" in refusal(caught)


def test_one_that_ends_at_once_is_green(make: Make) -> None:
    made = make(command=["sh", "-c", "exit 3"])
    eventually(lambda: made.refresh().state.get("exitCode") == 3, "it has ended")
    assert sorted(made.refresh().diff().detailedDiff) == ["mustRun"]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"wait": True}, "you have supplied a 'wait' argument, but the container does not have a healthcheck defined"),
    ({"command": ["sleep", ""]}, "values for command may not be empty"),
    ({"uploads": [{"file": "/x"}]}, "one of 'content', 'content_base64', or 'source' must be set"),
    ({"uploads": [{"file": "/x", "content": "a", "contentBase64": "YQ=="}]}, "only one of 'content'"),
    ({"uploads": [{"file": "/x", "source": "/no-such"}]}, "could not read file"),
    ({"uploads": [{"file": "/x", "content": "a"}], "readOnly": True}, "container rootfs is marked read-only"),
    ({"volumes": [{"hostPath": "/x"}]}, "Unable to parse volumes: volume entry without container path"),
    ({"memory": 1}, "Unable to create container: Error response from daemon: Minimum memory limit allowed is"),
    ({"networksAdvanced": [{"name": "no-such"}]}, "Error response from daemon: network no-such not found"),
    ({"image": "127.0.0.1:9/no/such@sha256:" + 64 * "0"}, "Unable to create container with image 127.0.0.1:9/no/such"),
    ({"cpus": "many"}, "Error setting cpus: failed to parse many as a rational number"),
]


@pytest.mark.parametrize(("inputs", "reason"), REFUSED, ids=lambda one: str(one)[:40])
def test_what_the_real_provider_refuses_at_create_is_refused(failing: Failing, inputs: Any, reason: str) -> None:
    assert reason in refusal(failing(**inputs))


def test_a_start_interval_is_refused_by_an_old_daemon(failing: Failing, client: APIClient) -> None:
    if tuple(map(int, client.api_version.split("."))) >= (1, 44):
        pytest.skip("this daemon's API knows it")
    assert "requires API version 1.44" in refusal(failing(healthcheck={**HEALTHY, "startInterval": "1s"}))


def test_volume_options_are_refused_by_an_old_daemon(failing: Failing, client: APIClient) -> None:
    if tuple(map(int, client.api_version.split("."))) >= (1, 45):
        pytest.skip("this daemon's API knows them")
    mount = {"type": "volume", "target": "/data", "volumeOptions": {"noCopy": True}}
    assert "requires docker version 1.45 or higher" in refusal(failing(mounts=[mount]))


def test_a_taken_port_fails_at_the_start(make: Make, failing: Failing) -> None:
    held = make(ports=[{"internal": 80, "ip": "127.0.0.1"}])
    (port,) = held.state["ports"] if "external" in held.state["ports"][0] else held.refresh().state["ports"]
    caught = failing(ports=[{"internal": 80, "ip": "127.0.0.1", "external": port["external"]}])
    assert "Unable to start container: Error response from daemon: " in refusal(caught)
    assert failed_initialization(caught).id != held.id


def test_what_was_uploaded_is_there_before_the_start(make: Make, client: APIClient) -> None:
    made = make(
        uploads=[
            {"file": "/etc/a", "content": "hello", "permissions": "0400"},
            {"file": "/etc/b", "contentBase64": "Yg=="},
        ]
    )
    asked = client.exec_create(made.id, ["cat", "/etc/a", "/etc/b"])
    assert client.exec_start(asked["Id"]) == b"hellob"


# Deletes


def test_without_a_grace_it_is_killed_at_once(make: Make, client: APIClient) -> None:
    made = make(command=IGNORES_TERM, stopTimeout=60)
    assert seconds(made.delete) < 30
    assert made.refresh().id == ""


def test_the_grace_in_the_state_is_waited_for(make: Make) -> None:
    made = make(command=IGNORES_TERM, destroyGraceSeconds=2, stopTimeout=60)
    assert 2 <= seconds(made.delete) < 30


def test_a_process_that_ends_at_sigterm_is_not_waited_for(make: Make) -> None:
    made = make(command=["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"], destroyGraceSeconds=60)
    assert seconds(made.delete) < 30


def test_the_anonymous_volume_goes_with_it(make: Make, client: APIClient) -> None:
    made = make(volumes=[{"containerPath": "/anonymous"}])
    (mount,) = client.inspect_container(made.id)["Mounts"]
    made.delete()
    assert mount["Name"] not in [one["Name"] for one in client.volumes()["Volumes"] or []]


def test_one_that_is_gone_is_fine(make: Make, client: APIClient) -> None:
    made = make()
    client.remove_container(made.id, force=True)
    made.delete()


def test_it_is_deleted_before_its_successor_is_made(make: Make) -> None:
    assert make().diff(user="1000").deleteBeforeReplace


def seconds(act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began
