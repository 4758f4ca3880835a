"""docker:index/network:Network

Every change replaces it. The real provider waits two seconds before each look; this one does not.
"""

from rehearsal.docker_provider.daemon import Daemon, doing, found
from rehearsal.docker_provider.resources.removal import removing
from rehearsal.docker_provider.schema import LABELS, DockerType, a_map, as_list, as_map
from rehearsal.provider.schema import bag, block, boolean, text
from rehearsal.provider.values import Props

RANGE = block({"subnet": text(), "ipRange": text(), "gateway": text(), "auxAddress": a_map()})


def _create(daemon: Daemon, props: Props) -> str:
    data = {
        "Name": props["name"],
        "CheckDuplicate": True,
        "Driver": props.get("driver") or "",
        "Options": props.get("options") or {},
        "Labels": as_map(props.get("labels")),
        "Internal": bool(props.get("internal")),
        "Attachable": bool(props.get("attachable")),
        "Ingress": bool(props.get("ingress")),
        "EnableIPv6": bool(props.get("ipv6")),
        "IPAM": {
            "Driver": props["ipamDriver"],
            "Options": props.get("ipamOptions") or {},
            "Config": [_range(one) for one in props.get("ipamConfigs") or []],
        },
    }
    with doing("Unable to create network"):  # the SDK's own `create_network` makes its own IPAM of it
        return daemon.post("/networks/create", data)["Id"]


def _range(one: Props) -> Props:
    wanted = {
        "Subnet": one.get("subnet"),
        "IPRange": one.get("ipRange"),
        "Gateway": one.get("gateway"),
        "AuxiliaryAddresses": one.get("auxAddress"),
    }
    return {name: value for name, value in wanted.items() if value}


def _read(daemon: Daemon, network: str, _given: Props) -> Props | None:
    live = found(lambda: daemon.client.inspect_network(network))
    if live is None:
        return None
    ranges = live["IPAM"].get("Config") or []
    return {
        "name": live["Name"],
        "labels": as_list(live.get("Labels")),
        "driver": live["Driver"],
        "internal": live["Internal"],
        "attachable": live["Attachable"],
        "ingress": live["Ingress"],
        "ipv6": live["EnableIPv6"],
        "ipamDriver": live["IPAM"]["Driver"],
        "ipamOptions": live["IPAM"].get("Options") or {},
        "scope": live["Scope"],
        "options": live.get("Options") or {},
        "ipamConfigs": [
            {
                "subnet": one.get("Subnet", ""),
                "ipRange": one.get("IPRange", ""),
                "gateway": one.get("Gateway", ""),
                "auxAddress": one.get("AuxiliaryAddresses") or {},
            }
            for one in ranges
        ],
    }


def _delete(daemon: Daemon, network: str, _olds: Props) -> None:
    removing(daemon, lambda: daemon.client.remove_network(network), held="has active endpoints", state="pending")


NETWORK = DockerType(
    token="docker:index/network:Network",
    inputs={
        "name": text(replaces=True),
        "labels": LABELS,
        "driver": text(replaces=True, computed=True),
        "options": a_map(replaces=True, computed=True),
        "internal": boolean(replaces=True, computed=True),
        "attachable": boolean(replaces=True),
        "ingress": boolean(replaces=True),
        "ipv6": boolean(replaces=True),
        "ipamDriver": text(replaces=True, default="default"),
        "ipamOptions": a_map(replaces=True),
        "ipamConfigs": bag(RANGE, replaces=True, computed=True),
    },
    outputs=("scope",),
    autoname="name",
    create=_create,
    read=_read,
    delete=_delete,
)
