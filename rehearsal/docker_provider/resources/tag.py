"""docker:index/tag:Tag

A read looks at nothing and a delete deletes nothing: a tag never drifts, and stays.
"""

from rehearsal.docker_provider.daemon import Daemon, doing
from rehearsal.docker_provider.schema import DockerType
from rehearsal.provider.schema import strings, text
from rehearsal.provider.values import Props


def _create(daemon: Daemon, props: Props) -> str:
    source, target = props["sourceImage"], props["targetImage"]
    repository, _, tag = target.rpartition(":") if ":" in target.rpartition("/")[2] else (target, "", "latest")
    with doing("failed to create docker tag"):
        daemon.client.tag(source, repository, tag)
    return f"{source}.{target}"


def _read(daemon: Daemon, _resource_id: str, given: Props) -> Props:
    """Asked for once, at the end of a create."""
    with doing("failed to ImageInspectWithRaw"):
        image = daemon.client.inspect_image(given["sourceImage"])
    return {**{name: given.get(name) for name in ("sourceImage", "targetImage")}, "sourceImageId": image["Id"]}


def _delete(_daemon: Daemon, _resource_id: str, _olds: Props) -> None:
    return


TAG = DockerType(
    token="docker:index/tag:Tag",
    inputs={
        "sourceImage": text(required=True, replaces=True),
        "targetImage": text(required=True, replaces=True),
        "tagTriggers": strings(replaces=True, local=True),
    },
    outputs=("sourceImageId",),
    drifts=False,
    create=_create,
    read=_read,
    delete=_delete,
)
