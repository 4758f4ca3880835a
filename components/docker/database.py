"""One service's database on its host, as the daemon shows it.

In: the host. Out: whether it answers, whether an image can read its data; what a killed run left of it is removed.
"""

import time
from typing import Any

import pulumi
from docker.errors import ImageNotFound, NotFound

from components.docker import names, volumes
from components.docker.host import Host
from rollout.errors import RefusedError, RouterError

FOLDER = "/data"
HOME = "home"  # below that: the volume's own folder stays root's
MADE = f"{FOLDER}/{HOME}/postgres"
GRACE = 60  # seconds: a fast shutdown writes a checkpoint
READY = 60.0  # seconds until a new database must answer
ASKED = ("pg_isready", "--quiet", "--host=127.0.0.1")  # not by the socket, where a database that is being made answers


def remove(host: Host, service: str) -> None:
    """Stop and remove *service*'s database, if a killed run or a lost state left one; the data stays."""
    try:
        container = host.client.containers.get(names.postgres(service))
    except NotFound:
        return
    if container.labels.get(names.SERVICE) == service:  # another's says by itself why its name cannot be had
        container.stop(timeout=GRACE)
        container.remove(v=True)


def await_answer(host: Host, container: str) -> None:
    """Return once the database answers; RefusedError when it does not in time: its slices could not be proven."""
    until = time.monotonic() + READY
    while True:
        try:
            host.run(container, ASKED)
        except RouterError as error:
            if time.monotonic() > until:
                raise RefusedError(
                    f"the database does not answer: {_last(host, container) or error} (`docker logs {container}` on "
                    f"{host.url}). Nothing of the slice was made"
                ) from None
            time.sleep(0.5)
        else:
            return


def _last(host: Host, container: str) -> str:
    """What it said last, where it is there and said anything."""
    try:
        said = host.client.containers.get(container).logs(tail=1)
    except NotFound:
        return ""
    return said.decode(errors="replace").strip()


def check(image: str, service: str, host: Host) -> None:
    """RunError when *image* is of another major version than *service*'s data, which it could not read."""
    try:
        held = volumes.read(host.client.containers.get(names.postgres(service)), f"{MADE}/PG_VERSION")
        wanted = _major(host.client.images.get(image))
    except (NotFound, ImageNotFound):
        return  # nothing is there yet; or a preview, which pulls nothing
    if held and wanted and held[1].strip() != wanted:
        raise pulumi.RunError(
            f"sluice:data.postgres.image: {image} is Postgres {wanted}, and the data is of {held[1].strip()}, which "
            "that cannot read; write an image of the same, or move the data first (docs/data.md)"
        )


def check_gone(service: str, host: Host) -> None:
    """RunError when *service* has a database all the same: it would be removed, and its volumes refused too late."""
    try:
        held = host.client.containers.get(names.postgres(service))
    except NotFound:
        return
    if held.labels.get(names.SERVICE) == service:
        raise pulumi.RunError(
            f"sluice:data.postgres is not there, and {held.name} stands on {host.url} with the service's data; write "
            "data: {postgres: {}} again, or see docs/data.md for how to part with it"
        )


def _major(image: Any) -> str | None:
    """The major version that *image* says it is of, as the official ones do."""
    said = dict(one.partition("=")[::2] for one in image.attrs["Config"].get("Env") or ())
    return said.get("PG_MAJOR")
