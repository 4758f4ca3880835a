"""A release's secrets on the host: whether the files are there, and whether the app's user may read them.

In: a release's spec, its user, the host. Out: why not, from the faulty key on. A container that is never started tells
both: what it would mount, and whose that is.
"""

import io
import tarfile
from collections.abc import Mapping
from typing import Any

from docker.errors import APIError
from docker.types import Mount

from components.docker.host import Host, short

TARGET = "/run/secrets/x"
HEADERS = 2048  # bytes of an archive in which its first file's own header is


def fault(spec: Mapping[str, Any], user: str, host: Host) -> str | None:
    """Which of *spec*'s secrets a container of *user*, a number first, would lack on *host*; None when it has all."""
    for name, path in (spec.get("secrets") or {}).items():
        if reason := _fault(spec["image"], path, user, host):
            return f"secrets.{name}: {path} {reason}"
    return None


def _fault(image: str, path: str, user: str, host: Host) -> str | None:
    api = host.client.api
    config = api.create_host_config(mounts=[Mount(TARGET, path, "bind", read_only=True)])
    try:
        made = api.create_container(image, ["none"], host_config=config)
    except APIError as error:
        return f"cannot be mounted on {host.url} ({short(error)}); put the file there first"
    try:
        file = _first(host, made["Id"])
    finally:
        api.remove_container(made["Id"], v=True)
    uid = int(user.partition(":")[0])
    if is_readable(file, uid):
        return None
    return (
        f"is for {file.uid}:{file.gid} alone (mode {file.mode & 0o777:o}), and the app runs as {uid}; let it read the "
        f"file: `chown {uid} {path}` on {host.url}"
    )


def _first(host: Host, container: str) -> tarfile.TarInfo:
    """Whose the file is; what is in it, nobody looks at."""
    stream, _ = host.client.api.get_archive(container, TARGET, chunk_size=HEADERS)
    head = b""
    for chunk in stream:
        head += chunk
        if len(head) >= HEADERS:
            break
    stream.close()
    with tarfile.open(fileobj=io.BytesIO(head), mode="r:") as archive:
        return archive.next() or tarfile.TarInfo()


def is_readable(file: tarfile.TarInfo, uid: int) -> bool:
    """Whether *uid* may read *file*, as far as that can be seen: its group, or an ACL, may let it where a group may."""
    bits = file.mode >> 6 if file.uid == uid else file.mode >> 3 | file.mode
    wanted = 0o5 if file.isdir() else 0o4
    return bits & wanted == wanted
