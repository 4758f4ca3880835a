"""docker:index/container:Container

It pulls its image by itself, is first made on the default network, and replaces delete first. That it is not healthy in
time is an error once, and forgotten by the next `up`: see `rehearsal/docker_provider/lifecycle.py`.
"""

from collections.abc import Iterator

from rehearsal.docker_provider import images
from rehearsal.docker_provider.daemon import Daemon, doing, found, unless_gone
from rehearsal.docker_provider.errors import DOCKER_ERRORS, told
from rehearsal.docker_provider.resources import container_request as request
from rehearsal.docker_provider.resources import container_state, container_uploads
from rehearsal.docker_provider.resources.container_inputs import INPUTS, SENT
from rehearsal.docker_provider.schema import DockerType
from rehearsal.provider.diff import UPDATE, Difference
from rehearsal.provider.errors import RefusedError, UnfinishedError
from rehearsal.provider.schema import Change
from rehearsal.provider.values import UNKNOWN, Props

NO_HEALTHCHECK = (
    "you have supplied a 'wait' argument, but the container does not have a healthcheck defined. Please remove the "
    "'wait' argument or add a 'healthcheck' attribute"
)
FAILED_WAIT = "container failed to be in healthy state"
REMOVAL_SECONDS = 30.0


def _create(daemon: Daemon, props: Props) -> str:
    try:
        images.have(daemon, props["image"])
    except RefusedError as error:
        raise RefusedError(f"Unable to create container with image {props['image']}: {error}") from error
    body = request.body(daemon, props)
    with doing("Unable to create container"):
        made = daemon.client.create_container_from_config(body, props["name"], props.get("platform") or None)
    return made["Id"]


def _complete(daemon: Daemon, container: str, props: Props) -> None:
    _connect(daemon, container, props.get("networksAdvanced") or [])
    container_uploads.upload(daemon, container, props.get("uploads") or [])
    if props["start"]:
        with doing("Unable to start container"):
            daemon.client.start(container)
        if props["wait"]:
            _await_health(daemon, container, props["waitTimeout"])
    if props["attach"]:
        with doing("Unable to wait container end of execution"):
            daemon.client.wait(container)


def _connect(daemon: Daemon, container: str, networks: list[Props]) -> None:
    if not networks:
        return
    try:
        daemon.client.disconnect_container_from_network(container, "bridge")
    except DOCKER_ERRORS as error:
        if "is not connected to the network bridge" not in told(error):
            raise RefusedError(f"Unable to disconnect the default network: {told(error)}") from error
    for one in networks:
        with doing(f"Unable to connect to network '{one['name']}'"):
            daemon.client.connect_container_to_network(
                container,
                one["name"],
                aliases=one.get("aliases"),
                ipv4_address=one.get("ipv4Address"),
                ipv6_address=one.get("ipv6Address"),
                link_local_ips=one.get("linkLocalIps"),
                mac_address=one.get("macAddress"),
                driver_opt=dict(each.split("=", 1) for each in one.get("driverOpts") or [] if "=" in each) or None,
            )


def _await_health(daemon: Daemon, container: str, seconds: float) -> None:
    def missing() -> str | None:
        health = daemon.client.inspect_container(container)["State"].get("Health")
        if health is None:
            raise RefusedError(NO_HEALTHCHECK)
        return None if health["Status"] == "healthy" else health["Status"]

    try:
        daemon.until("health", missing, seconds)  # neither `unhealthy` nor an end of the process ends it
    except UnfinishedError:
        raise RefusedError(FAILED_WAIT) from None


def _read(daemon: Daemon, container: str, given: Props) -> Props | None:
    live = _inspected(daemon, container)
    return None if live is None or live["Id"] != container else container_state.state(live, given)


def _inspected(daemon: Daemon, container: str) -> Props | None:
    return found(lambda: daemon.client.inspect_container(container))


def _update(daemon: Daemon, change: Change) -> None:
    was_stopped = not change.old.get("mustRun", True)
    if change.touches("mustRun") and was_stopped and change.new["mustRun"] and change.new["start"]:
        with doing("Unable to start container"):
            daemon.client.start(change.id)
    if change.touches(*SENT):
        with doing("Unable to update a container"):  # the SDK's own `update_container` knows half of these
            daemon.post(f"/containers/{change.id}/update", request.resources(change.new))


def _delete(daemon: Daemon, container: str, olds: Props) -> None:
    """Killed at once unless the *state* has a grace: `stopTimeout` counts for nothing here."""
    grace = max(olds.get("destroyGraceSeconds") or 0, 0)
    if not olds.get("attach"):
        with unless_gone(f"Error stopping container {container}"):
            daemon.client.stop(container, timeout=grace)
    with unless_gone(f"Error deleting container {container}"):
        daemon.client.remove_container(container, v=olds.get("removeVolumes", True), force=True)
    daemon.until("removal", lambda: "still there" if _inspected(daemon, container) else None, REMOVAL_SECONDS)


def _differs(olds: Props, news: Props) -> Iterator[Difference]:
    """Two entries for one port inside lose their order, and so differ for ever."""
    ports = news.get("ports")
    if ports is UNKNOWN or not ports or "ports" not in olds:
        return
    inside = [(one.get("internal"), one.get("protocol")) for one in ports]
    if len(set(inside)) < len(inside):
        yield Difference("ports", "ports", UPDATE, True)


CONTAINER = DockerType(
    token="docker:index/container:Container",
    inputs=INPUTS,
    outputs=("bridge", "containerLogs", "exitCode", "networkDatas"),
    listed_outputs=("networkDatas",),
    autoname="name",
    at_most_one=(("deviceRequests", "gpus"),),
    delete_first=True,
    create=_create,
    complete=_complete,
    read=_read,
    update=_update,
    delete=_delete,
    differs=_differs,
)
