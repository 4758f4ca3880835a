"""What is looked up on a Docker host before any resource exists, in preview too.

In: settings, the host. Out: nothing, or RunError with config path, value, reason and what to write instead; and why a
release's image cannot be had.

The provider finds none of this before it is in the middle of an `up`: not a registry that is down, nor a manifest that
was deleted, nor another CPU.
"""

import ipaddress
from collections.abc import Mapping
from typing import Any

import pulumi
from docker.errors import APIError, ImageNotFound, NotFound
from requests.exceptions import RequestException

from components.docker import certificate, database, entry, mounts, names
from components.docker.host import Host, short
from components.settings import Settings

MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}  # what the daemon and what images call the same CPU


def check(settings: Settings, host: Host) -> None:
    """RunError when the certificate, the network, the router's image or the database's of *settings* cannot be had."""
    certificate.check(settings.docker)
    try:
        _check_subnet(settings, host)
        _check_router(settings.docker.router, host)
        _check_postgres(settings, host)
        entry.check(settings.service.name, settings.docker, host)
    except (APIError, RequestException) as error:
        raise pulumi.RunError(f"{host.url} could not be asked what stands there: {short(error)}") from None


def _check_subnet(settings: Settings, host: Host) -> None:
    subnet, own = settings.docker.subnet, names.network(settings.service.name)
    for network in host.client.networks.list():
        blocks = [one["Subnet"] for one in (network.attrs["IPAM"].get("Config") or ()) if one.get("Subnet")]
        if network.name == own:
            if blocks != [subnet]:
                raise pulumi.RunError(
                    f"sluice:docker.subnet: {subnet}: the network {own} is there with {', '.join(blocks)}, and with "
                    f"another one every slice would have to go; write subnet: {blocks[0] if blocks else subnet}"
                )
        elif any(ipaddress.ip_network(subnet).overlaps(_version_4(block)) for block in blocks):
            raise pulumi.RunError(
                f"sluice:docker.subnet: {subnet} overlaps with {', '.join(blocks)} of the network {network.name}; "
                "write another /16, such as subnet: 10.206.0.0/16"
            )


def _version_4(block: str) -> ipaddress.IPv4Network:
    network = ipaddress.ip_network(block)
    return network if isinstance(network, ipaddress.IPv4Network) else ipaddress.IPv4Network("255.255.255.255/32")


def _check_router(image: str, host: Host) -> None:
    if why := _lacking(image, host):
        raise pulumi.RunError(
            f"sluice:docker.router: {image} {why}; write an image that has Envoy, `sh`, `base64` and `mv`, such "
            "as router: envoyproxy/envoy@sha256:…, or build one on the host: `python -m images router`"
        )


def _check_postgres(settings: Settings, host: Host) -> None:
    if (of := settings.data.postgres) is None:
        database.check_gone(settings.service.name, host)
        return
    why = _lacking(of.image, host)
    if not why and not pulumi.runtime.is_dry_run() and _found(of.image, host) is None:
        why = _pull(of.image, host)  # here and now: what it cannot read it must not come to replace
    if why:
        raise pulumi.RunError(
            f"sluice:data.postgres.image: {of.image} {why}; write one like the official, such as image: "
            "postgres@sha256:…, or build one on the host: `python -m images postgres`"
        )
    database.check(of.image, settings.service.name, host)


def _lacking(image: str, host: Host) -> str | None:
    """Why *image* is neither on *host* nor to be had from its registry; None when it is."""
    return None if _found(image, host) else _in_registry(image, host)


def fault(spec: Mapping[str, Any], host: Host, *, pull: bool) -> str | None:
    """Why a release of *spec* cannot run on *host*, from the faulty key on; None when it can.

    *pull* gets the image there first. Without it nothing is touched, and of an image that is only in its registry it
    stays open as whom it runs; nor is any secret looked for.
    """
    image = spec["image"]
    try:
        found = _found(image, host)
        if found is None:
            why = _in_registry(image, host)
            if why or not pull:
                return f"image: {image} {why}" if why else None
            if why := _pull(image, host):
                return f"image: {image} {why}"
            found = host.client.images.get(image)
        user = (spec.get("container") or {}).get("user") or found.attrs["Config"].get("User") or ""
        faulty = _cpu_fault(found, image, host) or _user_fault(user, spec)
        return faulty or (mounts.fault(spec, user, host) if pull else None)
    except (APIError, RequestException) as error:
        return f"image: {image} cannot be had on {host.url}: {short(error)}"


def _found(image: str, host: Host) -> Any:
    try:
        return host.client.images.get(image)
    except ImageNotFound:
        return None


def _pull(image: str, host: Host) -> str | None:
    """Get *image* onto *host*; why not. What goes wrong on the way stands in the stream, which the SDK passes over."""
    for line in host.client.api.pull(image, stream=True, decode=True):
        if said := line.get("error"):
            room = "make room there (`docker system df` shows what takes it), and " if "no space left" in said else ""
            return f"cannot be pulled to {host.url} ({said}); {room}run `pulumi up` again"
    return None


def _cpu_fault(found: Any, image: str, host: Host) -> str | None:
    wanted = MACHINES.get(machine := host.client.info()["Architecture"], machine)
    if found.attrs["Architecture"] == wanted:
        return None
    return (
        f"image: {image} is for {found.attrs['Architecture']}, and {host.url} runs {wanted}; write the digest of an "
        "image for that CPU"
    )


def _user_fault(user: str, spec: Mapping[str, Any]) -> str | None:
    """Why the container would run as root; None when it does not."""
    name = user.partition(":")[0]
    if name.isdecimal() and int(name):
        return None
    return (
        f"image: {spec['image']} runs as {name or 'root'}, and only the number of another user is known to be none; "
        'add USER with a number to its Dockerfile, or write container: {user: "10001:10001"}'
    )


def _in_registry(image: str, host: Host) -> str | None:
    """Why *image*, which is not on *host*, cannot be pulled by it; None when it can. Nothing is pulled for that."""
    try:
        data = host.client.images.get_registry_data(image)
    except NotFound:
        return f"is neither on {host.url} nor in its registry; push it, or write the digest of one that is there"
    except (APIError, RequestException) as error:
        said = short(error)
        if any(word in said for word in ("unauthorized", "authentication", "credentials", "denied")):
            return f"is not on {host.url}, and its registry refuses who asks ({said}); run `docker login` first"
        if "manifest unknown" in said or "not found" in said:
            return f"is neither on {host.url} nor in its registry ({said}); push it, or write the digest of one that is"
        return f"is not on {host.url}, and its registry cannot be asked ({said}); what is there already needs none"
    wanted = MACHINES.get(machine := host.client.info()["Architecture"], machine)
    offered = sorted({one["architecture"] for one in data.attrs.get("Platforms") or () if one.get("architecture")})
    if offered and wanted not in offered:
        return f"is for {', '.join(offered)}, and {host.url} runs {wanted}; write the digest of an image for that CPU"
    return None
