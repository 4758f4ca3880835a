"""What a container has of the host, between Pulumi's form and the daemon's: mounts, volumes, published ports."""

from typing import Any

from rehearsal.docker_provider.daemon import Daemon
from rehearsal.docker_provider.schema import as_list, as_map
from rehearsal.provider.errors import RefusedError
from rehearsal.provider.values import Props

ONE = "volume entry without container path or source container"
BOTH = "both a container and a path specified in a volume entry"


def mounts(daemon: Daemon, given: list[Props]) -> list[dict[str, Any]]:
    """The `Mounts` of a host configuration."""
    return [
        {
            "Type": one["type"],
            "Target": one["target"],
            "Source": one.get("source") or "",
            "ReadOnly": bool(one.get("readOnly")),
            **_options(daemon, one),
        }
        for one in given
    ]


def _options(daemon: Daemon, one: Props) -> dict[str, Any]:
    if one["type"] == "bind" and one.get("bindOptions"):
        return {"BindOptions": {"Propagation": one["bindOptions"].get("propagation") or ""}}
    if one["type"] == "volume" and one.get("volumeOptions"):
        return {"VolumeOptions": _volume_options(daemon, one["volumeOptions"])}
    if one["type"] == "tmpfs" and one.get("tmpfsOptions"):
        given = one["tmpfsOptions"]
        return {"TmpfsOptions": {"SizeBytes": given.get("sizeBytes") or 0, "Mode": given.get("mode") or 0}}
    return {}


def _volume_options(daemon: Daemon, given: Props) -> dict[str, Any]:
    if daemon.version < (1, 45):  # whichever option it is
        raise RefusedError("Setting VolumeOptions.Subpath requires docker version 1.45 or higher")
    return {
        "NoCopy": bool(given.get("noCopy")),
        "Labels": as_map(given.get("labels")),
        "DriverConfig": {"Name": given.get("driverName") or "", "Options": given.get("driverOptions") or {}},
        "Subpath": given.get("subpath") or "",
    }


def read_mounts(live: list[dict[str, Any]] | None) -> list[Props]:
    """The mounts of a container as they were asked for; volumes of `volumes` are not among them."""
    return [
        {
            "target": one["Target"],
            "source": one.get("Source", ""),
            "type": one["Type"],
            "readOnly": one.get("ReadOnly", False),
            **_read_options(one),
        }
        for one in live or []
    ]


def _read_options(one: dict[str, Any]) -> Props:
    if bound := one.get("BindOptions"):
        return {"bindOptions": {"propagation": bound.get("Propagation", "")}}
    if temporary := one.get("TmpfsOptions"):
        return {"tmpfsOptions": {"sizeBytes": temporary.get("SizeBytes", 0), "mode": temporary.get("Mode", 0)}}
    if volume := one.get("VolumeOptions"):
        driver = volume.get("DriverConfig") or {}
        return {
            "volumeOptions": {
                "noCopy": volume.get("NoCopy", False),
                "labels": as_list(volume.get("Labels")),
                "driverName": driver.get("Name", ""),
                "driverOptions": driver.get("Options") or {},
                "subpath": volume.get("Subpath", ""),
            }
        }
    return {}


def volumes(given: list[Props]) -> tuple[dict[str, dict[str, Any]], list[str], list[str]]:
    """The `Volumes`, `Binds` and `VolumesFrom` of the volumes."""
    paths: dict[str, dict[str, Any]] = {}
    binds, others = [], []
    for one in given:
        container, path = one.get("fromContainer"), one.get("containerPath")
        if bool(container) == bool(path):
            raise RefusedError(f"Unable to parse volumes: {BOTH if container else ONE}")
        if container:
            others.append(container)
            continue
        assert path
        paths[path] = {}
        if source := one.get("hostPath") or one.get("volumeName"):
            label = f",{one['selinuxRelabel']}" if one.get("selinuxRelabel") else ""
            binds.append(f"{source}:{path}:{'ro' if one.get('readOnly') else 'rw'}{label}")
    return paths, binds, others


def ports(given: list[Props]) -> tuple[dict[str, dict[str, Any]], dict[str, list[dict[str, str]]]]:
    """The `ExposedPorts` and `PortBindings` of the ports."""
    exposed: dict[str, dict[str, Any]] = {}
    bindings: dict[str, list[dict[str, str]]] = {}
    for one in given:
        port = f"{one['internal']}/{one['protocol']}"
        exposed[port] = {}
        binding = {"HostPort": str(one.get("external") or 0), "HostIp": one["ip"]}
        bindings.setdefault(port, []).append(binding)
    return exposed, bindings


def read_ports(live: dict[str, list[dict[str, str]] | None] | None) -> list[Props]:
    """The published ports, by port inside; none of a container that is stopped."""
    return [
        {
            "internal": int(port.partition("/")[0]),
            "external": int(binding["HostPort"]),
            "ip": binding["HostIp"],
            "protocol": port.partition("/")[2],
        }
        for port, bindings in sorted((live or {}).items(), key=lambda one: int(one[0].partition("/")[0]))
        for binding in bindings or []
    ]
