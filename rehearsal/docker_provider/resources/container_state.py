"""A container as the daemon shows it, in Pulumi's form and with the real provider's spellings.

Not shown: envs, labels, volumes, uploads, networksAdvanced. They are as the program last wrote them.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from rehearsal.docker_provider.durations import written
from rehearsal.docker_provider.resources import container_mounts as mounts
from rehearsal.docker_provider.resources.container_request import MEGABYTE, RATES
from rehearsal.provider.values import Props

Json = dict[str, Any]


def state(live: Json, given: Props) -> Props:
    """What is recorded of the container that was inspected as *live*; *given* are its inputs."""
    config, host, running = live["Config"], live["HostConfig"], live["State"]["Running"]
    return {
        **_image(live, given),
        **_program(config),
        **_security(host, given),
        **_limits(host, given),
        **_logging(host, given),
        **_network(live, given),
        "mounts": mounts.read_mounts(host.get("Mounts")),
        "tmpfs": host.get("Tmpfs") or {},
        "platform": live.get("Platform") or "",
        "rm": host.get("AutoRemove", False),
        "restart": host["RestartPolicy"]["Name"],
        "maxRetryCount": host["RestartPolicy"]["MaximumRetryCount"],
        "mustRun": bool(given.get("mustRun", True)) and running,
        **({} if running else {"exitCode": live["State"]["ExitCode"]}),
    }


def _image(live: Json, given: Props) -> Props:
    """In the form it was asked for: by id, or by name."""
    by_id = str(given.get("image", "")).startswith("sha256:")
    return {"name": live["Name"].lstrip("/"), "image": live["Image"] if by_id else live["Config"]["Image"]}


def _program(config: Json) -> Props:
    check = config.get("Healthcheck")
    return {
        "hostname": config["Hostname"],
        "domainname": config["Domainname"],
        "command": config.get("Cmd") or [],
        "entrypoints": config.get("Entrypoint") or [],
        "user": config["User"],
        "workingDir": config["WorkingDir"],
        "tty": config["Tty"],
        "stdinOpen": config["OpenStdin"],
        "stopSignal": config.get("StopSignal", ""),
        "stopTimeout": config.get("StopTimeout") or 0,
        **({"healthcheck": _healthcheck(check)} if check else {}),
    }


def _healthcheck(check: Json) -> Props:
    times = ("Interval", "Timeout", "StartPeriod", "StartInterval")
    return {
        "tests": check.get("Test") or [],
        **{f"{name[0].lower()}{name[1:]}": written(check.get(name, 0)) for name in times},
        "retries": check.get("Retries", 0),
    }


def _security(host: Json, given: Props) -> Props:
    adds, drops = host.get("CapAdd") or [], host.get("CapDrop") or []
    return {
        "securityOpts": host.get("SecurityOpt") or [],
        "readOnly": host["ReadonlyRootfs"],
        "privileged": host["Privileged"],
        **({"capabilities": {"adds": adds, "drops": drops}} if adds or drops else {}),
        "runtime": host["Runtime"],
        "init": bool(host.get("Init")),
        "usernsMode": host.get("UsernsMode", ""),
        "ipcMode": host["IpcMode"],
        "sysctls": host.get("Sysctls") or {},
        "groupAdds": host.get("GroupAdd") or [],
        **({"pidMode": host["PidMode"]} if given.get("pidMode") else {}),
    }


def _limits(host: Json, given: Props) -> Props:
    ulimits = [{name: one[name.capitalize()] for name in ("name", "soft", "hard")} for one in host["Ulimits"] or []]
    rates = {
        ours: [{"path": one["Path"], "rate": one["Rate"]} for one in host.get(theirs) or []]
        for theirs, ours in RATES.items()
    }
    return {
        "memory": host["Memory"] // MEGABYTE,
        "memoryReservation": _whole(host["MemoryReservation"]),
        "memorySwap": _whole(host["MemorySwap"]),
        "shmSize": host["ShmSize"] // MEGABYTE,
        **({"cpus": cpus(host["NanoCpus"])} if host.get("NanoCpus") else {}),
        "cpuShares": host["CpuShares"],
        "cpuSet": host["CpusetCpus"],
        **rates,
        **({"ulimits": ulimits} if given.get("ulimits") else {}),
        **({"devices": _devices(host, given["devices"])} if given.get("devices") else {}),
        "storageOpts": host.get("StorageOpt") or {},
    }


def _whole(number: int) -> int:
    return number // MEGABYTE if number > 0 else number


def cpus(nanoseconds: int) -> str:
    """As the real provider writes it: `0.5`, `1.0`, and `0.1` for 0.05."""
    long = f"{Decimal(nanoseconds) / 10**9:.9f}"
    if long.count("0") == 9:  # taken for a round number there
        return str(Decimal(long).quantize(Decimal("0.1"), ROUND_HALF_UP))
    return long.rstrip("0")


def _devices(host: Json, given: list[Props]) -> list[Props]:
    written_out = {one["hostPath"] for one in given if one.get("containerPath")}
    return [
        {
            "hostPath": one["PathOnHost"],
            "permissions": one["CgroupPermissions"],
            **({"containerPath": one["PathInContainer"]} if one["PathOnHost"] in written_out else {}),
        }
        for one in host.get("Devices") or []
    ]


def _logging(host: Json, given: Props) -> Props:
    log = host["LogConfig"]
    return {"logDriver": log["Type"], **({"logOpts": log.get("Config") or {}} if given.get("logOpts") else {})}


def _network(live: Json, given: Props) -> Props:
    host, settings = live["HostConfig"], live["NetworkSettings"]
    reads_ports = given.get("ports") and (live["State"]["Running"] or given.get("mustRun", True))
    hosts = [one.partition(":") for one in host.get("ExtraHosts") or []]
    return {
        "bridge": settings.get("Bridge", ""),
        "networkMode": host["NetworkMode"],
        "networkDatas": [_network_data(name, one) for name, one in settings["Networks"].items()],
        "dns": host.get("Dns") or [],
        "dnsOpts": host.get("DnsOptions") or [],
        "dnsSearches": host.get("DnsSearch") or [],
        "publishAllPorts": host["PublishAllPorts"],
        "hosts": [{"host": name, "ip": address} for name, _, address in hosts],
        **({"ports": mounts.read_ports(settings.get("Ports"))} if reads_ports else {}),
    }


def _network_data(name: str, one: Json) -> Props:
    return {
        "networkName": name,
        "ipAddress": one["IPAddress"],
        "ipPrefixLength": one["IPPrefixLen"],
        "gateway": one["Gateway"],
        "globalIpv6Address": one["GlobalIPv6Address"],
        "globalIpv6PrefixLength": one["GlobalIPv6PrefixLen"],
        "ipv6Gateway": one["IPv6Gateway"],
        "macAddress": one["MacAddress"],
    }
