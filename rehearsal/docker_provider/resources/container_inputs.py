"""The inputs of a Container: what each must be, what it replaces, and what the daemon is never asked for again."""

import base64
import binascii

from rehearsal.docker_provider.durations import duration
from rehearsal.docker_provider.schema import LABELS, a_map
from rehearsal.provider.rules import Rule, matches, one_of
from rehearsal.provider.schema import Field, bag, block, boolean, integer, listed, strings, text

RESTARTS = ("no", "on-failure", "always", "unless-stopped")


def at_least(least: int) -> Rule:
    """A number no smaller than *least*."""
    return lambda value: None if value >= least else f"must be at least {least}"


def base64_content(value: str) -> str | None:
    """Base64."""
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return "is not base64 encoded"
    return None


def time(**how: object) -> Field:
    """A duration, nothing by default."""
    return text(duration, default="0s", **how)


RATE = bag(block({"path": text(required=True), "rate": integer(at_least(0), required=True)}))
HEALTHCHECK = block(
    {
        "tests": listed(text()),
        "interval": time(),
        "timeout": time(),
        "startPeriod": time(),
        "startInterval": time(),
        "retries": integer(at_least(0), default=0),
    },
    computed=True,
)
MOUNT = block(
    {
        "target": text(required=True),
        "source": text(),
        "type": text(one_of("bind", "volume", "tmpfs"), required=True),
        "readOnly": boolean(),
        "bindOptions": block(
            {"propagation": text(one_of("private", "rprivate", "shared", "rshared", "slave", "rslave"))}
        ),
        "volumeOptions": block(
            {
                "noCopy": boolean(),
                "labels": LABELS,
                "driverName": text(),
                "driverOptions": a_map(),
                "subpath": text(),
            }
        ),
        "tmpfsOptions": block({"sizeBytes": integer(), "mode": integer()}),
    }
)
NETWORK = block(
    {
        "name": text(required=True),
        "aliases": strings(),
        "ipv4Address": text(),
        "ipv6Address": text(),
        "linkLocalIps": strings(),
        "macAddress": text(),
        "driverOpts": strings(),
        "gwPriority": integer(at_least(0)),
    }
)
PORT = block(
    {
        "internal": integer(required=True),
        "external": integer(computed=True),
        "ip": text(default="0.0.0.0"),
        "protocol": text(default="tcp"),
    }
)
UPLOAD = block(
    {
        "content": text(),
        "contentBase64": text(base64_content),
        "file": text(required=True),
        "executable": boolean(default=False),
        "permissions": text(matches(r"0[0-7]{3}", "be four octal digits, such as 0644")),
        "source": text(),
        "sourceHash": text(),
    }
)
VOLUME = block(
    {
        "fromContainer": text(),
        "containerPath": text(),
        "hostPath": text(matches(r"([a-zA-Z]:[\\/]|/).*", "be an absolute path")),
        "volumeName": text(),
        "readOnly": boolean(),
        "selinuxRelabel": text(one_of("z", "Z")),
    }
)
DEVICE = block({"hostPath": text(required=True), "containerPath": text(), "permissions": text(default="rwm")})
DEVICE_REQUEST = block(
    {
        "driver": text(default="cdi"),
        "count": integer(default=0),
        "deviceIds": strings(),
        "capabilities": strings(),
        "options": a_map(),
    }
)
ULIMIT = block({"name": text(required=True), "soft": integer(required=True), "hard": integer(required=True)})

# Any change of these makes a new container.
REPLACING: dict[str, Field] = {
    "image": text(required=True, replaces=True),
    "name": text(replaces=True),
    "capabilities": block({"adds": strings(), "drops": strings()}, replaces=True),
    "cgroupParent": text(replaces=True, local=True),
    "cgroupnsMode": text(replaces=True, local=True),
    "command": listed(text(), replaces=True, computed=True),
    "cpus": text(replaces=True),
    "deviceCgroupRules": strings(replaces=True, local=True),
    "deviceRequests": bag(DEVICE_REQUEST, replaces=True, local=True),
    "devices": bag(DEVICE, replaces=True),
    "dns": strings(replaces=True),
    "dnsOpts": strings(replaces=True),
    "dnsSearches": strings(replaces=True),
    "domainname": text(replaces=True),
    "entrypoints": listed(text(), replaces=True, computed=True),
    "envs": strings(replaces=True, computed=True, local=True),
    "gpus": text(replaces=True, local=True),
    "groupAdds": strings(replaces=True),
    "hostname": text(replaces=True, computed=True),
    "hosts": bag(block({"host": text(required=True), "ip": text(required=True)}), replaces=True),
    "ipcMode": text(replaces=True, computed=True),
    "labels": bag(block({"label": text(required=True), "value": text(required=True)}), replaces=True, local=True),
    "logDriver": text(replaces=True, computed=True),
    "logOpts": a_map(replaces=True),
    "mounts": bag(MOUNT, replaces=True),
    "networkMode": text(default="bridge", replaces=True),
    "networksAdvanced": bag(NETWORK, replaces=True, local=True),
    "pidMode": text(replaces=True),
    "platform": text(replaces=True, computed=True),
    "ports": listed(PORT, replaces=True),
    "privileged": boolean(replaces=True),
    "publishAllPorts": boolean(replaces=True),
    "readOnly": boolean(default=False, replaces=True),
    "runtime": text(replaces=True, computed=True),
    "securityOpts": strings(replaces=True, computed=True),
    "shmSize": integer(at_least(0), replaces=True, computed=True),
    "stdinOpen": boolean(default=False, replaces=True),
    "stopSignal": text(replaces=True, computed=True),
    "stopTimeout": integer(replaces=True, computed=True),
    "storageOpts": a_map(replaces=True),
    "sysctls": a_map(replaces=True),
    "tty": boolean(default=False, replaces=True),
    "ulimits": bag(ULIMIT, replaces=True),
    "uploads": bag(UPLOAD, replaces=True, local=True),
    "user": text(replaces=True, computed=True),
    "usernsMode": text(replaces=True),
    "volumes": bag(VOLUME, replaces=True, local=True),
    "workingDir": text(replaces=True, computed=True),
}
# These are sent to the running container, all of them when one changes.
SENT: dict[str, Field] = {
    "restart": text(one_of(*RESTARTS), default="no"),
    "maxRetryCount": integer(),
    "cpuShares": integer(at_least(0)),
    "cpuSet": text(matches(r"\d+([,-]\d+)*", "be a list or range of CPUs, such as 0-1")),
    "memory": integer(at_least(0)),
    "memoryReservation": integer(at_least(0), default=0),
    "memorySwap": integer(at_least(-1)),
    **dict.fromkeys(("deviceReadBps", "deviceReadIops", "deviceWriteBps", "deviceWriteIops"), RATE),
}
# A change of these is written down and nothing else; a refresh asks for the first ones again.
RECORDED: dict[str, Field] = {
    "healthcheck": HEALTHCHECK,
    "init": boolean(computed=True),
    "tmpfs": a_map(),
    "rm": boolean(default=False),
    "mustRun": boolean(default=True),
    "start": boolean(default=True, local=True),
    "wait": boolean(default=False, local=True),
    "waitTimeout": integer(default=60, local=True),
    "logs": boolean(default=False, local=True),
    "attach": boolean(default=False, local=True),
    "cpuPeriod": integer(at_least(0), local=True),
    "cpuQuota": integer(at_least(0), local=True),
    "removeVolumes": boolean(default=True, local=True),
    "destroyGraceSeconds": integer(local=True),
    "containerReadRefreshTimeoutMilliseconds": integer(default=15000, local=True),
}
INPUTS = {**REPLACING, **SENT, **RECORDED}
