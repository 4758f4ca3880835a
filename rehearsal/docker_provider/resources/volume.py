"""docker:index/volume:Volume

Every change replaces it. The real provider waits two seconds before it deletes; this one does not.
"""

from rehearsal.docker_provider.daemon import Daemon, doing, found
from rehearsal.docker_provider.resources.removal import removing
from rehearsal.docker_provider.schema import LABELS, DockerType, a_map, as_list, as_map
from rehearsal.provider.schema import text
from rehearsal.provider.values import Props


def _create(daemon: Daemon, props: Props) -> str:
    with doing("Unable to create volume"):
        made = daemon.client.create_volume(
            props["name"],
            driver=props.get("driver"),
            driver_opts=props.get("driverOpts"),
            labels=as_map(props.get("labels")),
        )
    return made["Name"]


def _read(daemon: Daemon, volume: str, _given: Props) -> Props | None:
    live = found(lambda: daemon.client.inspect_volume(volume))
    if live is None:
        return None
    return {
        "name": live["Name"],
        "labels": as_list(live.get("Labels")),
        "driver": live["Driver"],
        "driverOpts": live.get("Options") or {},
        "mountpoint": live["Mountpoint"],
    }


def _delete(daemon: Daemon, volume: str, _olds: Props) -> None:
    removing(daemon, lambda: daemon.client.remove_volume(volume, force=True), held="volume is in use", state="in_use")


VOLUME = DockerType(
    token="docker:index/volume:Volume",
    inputs={
        "name": text(replaces=True),
        "labels": LABELS,
        "driver": text(replaces=True, computed=True),
        "driverOpts": a_map(replaces=True),
    },
    outputs=("mountpoint",),
    autoname="name",
    create=_create,
    read=_read,
    delete=_delete,
)
