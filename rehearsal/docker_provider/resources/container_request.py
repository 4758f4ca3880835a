"""A Container's inputs as the daemon's API takes them: the body of `POST /containers/create`."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from rehearsal.docker_provider.daemon import Daemon
from rehearsal.docker_provider.durations import nanoseconds
from rehearsal.docker_provider.resources import container_mounts as mounts
from rehearsal.docker_provider.schema import as_map
from rehearsal.provider.errors import RefusedError
from rehearsal.provider.values import Props

MEGABYTE = 1024 * 1024
CONFIG = {  # one property each, left to the daemon where it is not given
    "Hostname": "hostname",
    "Domainname": "domainname",
    "Tty": "tty",
    "OpenStdin": "stdinOpen",
    "StopSignal": "stopSignal",
    "StopTimeout": "stopTimeout",
    "Env": "envs",
    "Cmd": "command",
    "Entrypoint": "entrypoints",
    "User": "user",
    "WorkingDir": "workingDir",
}
HOST = {
    "Privileged": "privileged",
    "PublishAllPorts": "publishAllPorts",
    "Runtime": "runtime",
    "AutoRemove": "rm",
    "ReadonlyRootfs": "readOnly",
    "Tmpfs": "tmpfs",
    "Dns": "dns",
    "DnsOptions": "dnsOpts",
    "DnsSearch": "dnsSearches",
    "CpuShares": "cpuShares",
    "CpusetCpus": "cpuSet",
    "NetworkMode": "networkMode",
    "UsernsMode": "usernsMode",
    "PidMode": "pidMode",
    "Sysctls": "sysctls",
    "IpcMode": "ipcMode",
    "GroupAdd": "groupAdds",
    "CgroupnsMode": "cgroupnsMode",
    "CgroupParent": "cgroupParent",
    "StorageOpt": "storageOpts",
    "DeviceCgroupRules": "deviceCgroupRules",
}
RATES = {
    "BlkioDeviceReadBps": "deviceReadBps",
    "BlkioDeviceReadIOps": "deviceReadIops",
    "BlkioDeviceWriteBps": "deviceWriteBps",
    "BlkioDeviceWriteIOps": "deviceWriteIops",
}


def body(daemon: Daemon, props: Props) -> dict[str, Any]:
    """What to create; RefusedError for what the real provider or its client refuses before it asks."""
    if any(part == "" for part in props.get("command") or []):
        raise RefusedError("values for command may not be empty")
    exposed, bindings = mounts.ports(props.get("ports") or [])
    volumes, binds, volumes_from = mounts.volumes(props.get("volumes") or [])
    return {
        "Image": props["image"],
        **_given(CONFIG, props),
        **({"Labels": as_map(props["labels"])} if props.get("labels") else {}),
        **({"Healthcheck": _healthcheck(daemon, props["healthcheck"])} if props.get("healthcheck") else {}),
        "ExposedPorts": exposed,
        "Volumes": volumes,
        "HostConfig": {
            **_host(daemon, props),
            "PortBindings": bindings,
            "Binds": binds,
            "VolumesFrom": volumes_from,
        },
        "NetworkingConfig": {},
    }


def resources(props: Props) -> dict[str, Any]:
    """What a running container can be changed to: `POST /containers/<id>/update`, always all of it."""
    return {
        "RestartPolicy": _restart(props),
        "CpuShares": props.get("cpuShares") or 0,
        "CpusetCpus": props.get("cpuSet") or "",
        "Memory": megabytes(props.get("memory")),
        "MemoryReservation": megabytes(props.get("memoryReservation")),
        **({"MemorySwap": megabytes(props["memorySwap"])} if props.get("memorySwap") else {}),
        **_rates(props),
    }


def megabytes(number: int | None) -> int:
    """Bytes; what is not positive stays as it is."""
    return number * MEGABYTE if number and number > 0 else number or 0


def _host(daemon: Daemon, props: Props) -> dict[str, Any]:
    capabilities = props.get("capabilities") or {}
    return {
        **_given(HOST, props),
        **_security(props.get("securityOpts") or []),
        **_cpu(props),
        **_rates(props),
        "RestartPolicy": _restart(props),
        "Init": bool(props.get("init")),
        "Mounts": mounts.mounts(daemon, props.get("mounts") or []),
        "LogConfig": {"Type": props.get("logDriver") or "", "Config": props.get("logOpts") or {}},
        "ExtraHosts": [f"{one['host']}:{one['ip']}" for one in props.get("hosts") or []],
        "Ulimits": [{name.capitalize(): one[name] for name in one} for one in props.get("ulimits") or []],
        "CapAdd": _capabilities(capabilities.get("adds")),
        "CapDrop": _capabilities(capabilities.get("drops")),
        "Devices": [_device(one) for one in props.get("devices") or []],
        "DeviceRequests": _device_requests(props),
        "Memory": megabytes(props.get("memory")),
        "MemoryReservation": megabytes(props.get("memoryReservation")),
        "MemorySwap": megabytes(props.get("memorySwap")),
        "ShmSize": megabytes(props.get("shmSize")),
    }


def _given(names: Mapping[str, str], props: Props) -> dict[str, Any]:
    """What was given and is not empty, which is the same to the real provider as what was not."""
    return {theirs: props[ours] for theirs, ours in names.items() if props.get(ours)}


def _restart(props: Props) -> dict[str, Any]:
    return {"Name": props["restart"], "MaximumRetryCount": props.get("maxRetryCount") or 0}


def _healthcheck(daemon: Daemon, given: Props) -> dict[str, Any]:
    start_interval = nanoseconds(given.get("startInterval") or "0s")
    if start_interval and daemon.version < (1, 44):
        raise RefusedError(
            'Unable to create container: "specify health-check start interval" requires API version 1.44, but the '
            f"Docker daemon API version is {daemon.client.api_version}"
        )
    return {
        "Test": given.get("tests") or [],
        "Interval": nanoseconds(given.get("interval") or "0s"),
        "Timeout": nanoseconds(given.get("timeout") or "0s"),
        "StartPeriod": nanoseconds(given.get("startPeriod") or "0s"),
        **({"StartInterval": start_interval} if start_interval else {}),
        "Retries": given.get("retries") or 0,
    }


def _cpu(props: Props) -> dict[str, int]:
    if not props.get("cpus"):
        periods = {"CpuPeriod": props.get("cpuPeriod"), "CpuQuota": props.get("cpuQuota")}
        return {name: value for name, value in periods.items() if value}
    try:
        return {"NanoCpus": int(Decimal(props["cpus"]) * 10**9)}
    except InvalidOperation:
        raise RefusedError(f"Error setting cpus: failed to parse {props['cpus']} as a rational number") from None


def _security(options: list[str]) -> dict[str, Any]:
    """`systempaths=unconfined` is an option of the client, not of the daemon."""
    sent = [one for one in options if one != "systempaths=unconfined"]
    unconfined = {"MaskedPaths": [], "ReadonlyPaths": []} if len(sent) < len(options) else {}
    return {"SecurityOpt": sent, **unconfined} if options else {}


def _capabilities(names: list[str] | None) -> list[str]:
    """In the spelling of the real provider's client, which the daemon then keeps."""
    upper = {name.upper() for name in names or []}
    return sorted(name if name == "ALL" or name.startswith("CAP_") else f"CAP_{name}" for name in upper)


def _rates(props: Props) -> dict[str, Any]:
    return {
        theirs: [{"Path": one["path"], "Rate": one["rate"]} for one in props[ours]]
        for theirs, ours in RATES.items()
        if props.get(ours)
    }


def _device(one: Props) -> dict[str, str]:
    inside = one.get("containerPath") or one["hostPath"]
    return {"PathOnHost": one["hostPath"], "PathInContainer": inside, "CgroupPermissions": one["permissions"]}


def _device_requests(props: Props) -> list[dict[str, Any]]:
    if gpus := props.get("gpus"):
        _, named, ids = gpus.partition("device=")
        wanted = {"DeviceIDs": ids.split(",")} if named else {"Count": -1 if gpus == "all" else int(gpus)}
        return [{"Capabilities": [["gpu"]], **wanted}]
    return [
        {
            "Driver": one["driver"],
            "Count": one["count"],
            "DeviceIDs": one.get("deviceIds") or [],
            "Capabilities": [one.get("capabilities") or []],
            "Options": one.get("options") or {},
        }
        for one in props.get("deviceRequests") or []
    ]
