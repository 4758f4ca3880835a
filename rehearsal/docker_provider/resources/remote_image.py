"""docker:index/remoteImage:RemoteImage

Pulled only when nothing of its name is here; a refresh looks here only, and so never learns what a registry has.
"""

from rehearsal.docker_provider import images
from rehearsal.docker_provider.daemon import Daemon, doing
from rehearsal.docker_provider.schema import DockerType, a_map
from rehearsal.provider.errors import RefusedError
from rehearsal.provider.schema import Change, block, boolean, strings, text
from rehearsal.provider.values import Props


def _create(daemon: Daemon, props: Props) -> str:
    return _id(_had(daemon, props), props["name"])


def _had(daemon: Daemon, props: Props) -> Props:
    try:
        return images.have(daemon, props["name"], props.get("platform") or "")
    except RefusedError as error:
        raise RefusedError(f"Unable to read Docker image into resource: {error}") from error


def _id(image: Props, name: str) -> str:
    return f"{image['Id']}{name}"


def _read(daemon: Daemon, resource_id: str, given: Props) -> Props | None:
    name = given.get("name") or resource_id[len("sha256:") + 64 :]
    image = images.local(daemon, name)
    if image is None:
        return None
    return {
        "name": name,
        "imageId": image["Id"],
        "repoDigest": images.digest_reference(name, image),
        **{key: given[key] for key in ("platform",) if key in given},
    }


def _update(daemon: Daemon, change: Change) -> None:
    _had(daemon, change.new)


def _delete(daemon: Daemon, _resource_id: str, olds: Props) -> None:
    name = olds["name"]
    if olds.get("keepLocally") or images.local(daemon, name) is None:
        return
    with doing("Unable to remove Docker image"):
        daemon.client.remove_image(name, force=bool(olds.get("forceRemove")))


def _no_build(_value: object) -> str:
    return "is not served by this stand-in: build the image beforehand, and name it here"


REMOTE_IMAGE = DockerType(
    token="docker:index/remoteImage:RemoteImage",
    inputs={
        "name": text(required=True, replaces=True),
        "platform": text(replaces=True, default=""),
        "pullTriggers": strings(replaces=True, local=True),
        "triggers": a_map(replaces=True, local=True),
        "keepLocally": boolean(local=True),
        "forceRemove": boolean(local=True),
        "build": block({}, rules=[_no_build]),
    },
    outputs=("imageId", "repoDigest"),
    at_most_one=(("build", "pullTriggers"),),
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
)
