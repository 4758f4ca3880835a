"""What of the config is for another platform than the one it names. Pure.

In: the whole document. Out: a line for each key that means nothing there, or is missing.
"""

from collections.abc import Iterator

from components import config_data
from components.config_docker import Docker
from components.config_model import Document, Listener, Network, ReleaseEntry
from components.docker import addresses

MACHINES = ("ami", "instance", "root", "boot", "external")  # keys of a release that only AWS knows


def faults(document: Document) -> list[str]:
    """What to write instead, by path."""
    of_platform = _docker(document) if document.platform == "docker" else _aws(document)
    return [*of_platform, *_data(document), *_salt(document)]


def _data(document: Document) -> Iterator[str]:
    given = document.data.postgres.model_fields_set if document.data.postgres else set()
    for key in config_data.AWS if document.platform == "docker" else config_data.DOCKER:
        if key in given:
            yield f"sluice:data.postgres.{key}: the platform is {document.platform}, which has none; remove it"


def _salt(document: Document) -> Iterator[str]:
    if document.platform == "docker":
        private, key = document.docker.interface.startswith("127."), "docker.interface: 127.0.0.1"
    else:
        private, key = document.listener.internal or document.listener.given, "listener.internal: true"
    if document.salt is None and not private:
        yield (
            "sluice:salt is missing: the listener is public, and without it anyone could reach a slice that has no "
            "share by its version alone; run `pulumi config set --secret sluice:salt $(openssl rand -hex 16)`, or set "
            f"sluice:{key}"
        )


def _aws(document: Document) -> Iterator[str]:
    if document.docker != Docker():  # Pulumi.yaml gives each key that is left out as an empty one
        yield "sluice:docker: the platform is aws; remove it, or write platform: docker"
    if "container" in document.service.model_fields_set:
        yield "sluice:service.container: the platform is aws; remove it, or write platform: docker"
    for version, entry in document.releases.items():
        path = f"sluice:releases.{version}"
        if entry.ami is None and entry.external is None:
            yield f"{path}: there is no `ami`; write the machine image's id, such as ami: ami-0123456789abcdef0"
        if entry.container:
            yield f"{path}.container: the platform is aws; remove it, or write platform: docker"
        yield from (
            f"{path}.secrets.{name}: {value!r}: it is no ARN; write {name}: arn:aws:secretsmanager:…"
            for name, value in entry.secrets.items()
            if value.startswith("/")
        )


def _docker(document: Document) -> Iterator[str]:
    for key, empty in (("network", Network()), ("listener", Listener())):
        if getattr(document, key) != empty:
            yield f"sluice:{key}: the platform is docker, whose network and entry are in sluice:docker; remove it"
    if document.metrics.cloudwatch or document.metrics.envoy:
        yield (
            "sluice:metrics: on docker the router's own counters are read where nothing is given; remove it, or write "
            "prometheus: {…}"
        )
    if (document.docker.certificate is None) != (document.docker.key is None):
        yield "sluice:docker: `certificate` and `key` go together; write both, or neither"
    if document.docker.ssh and not (document.docker.host or "ssh://").startswith("ssh://"):
        yield f"sluice:docker.ssh: {document.docker.host} is reached without ssh; remove it, or write host: ssh://…"
    if document.docker.metrics == document.docker.port:
        yield f"sluice:docker.metrics: {document.docker.metrics} is `port`; write another, such as metrics: 9902"
    for version, entry in document.releases.items():
        yield from _release(f"sluice:releases.{version}", entry, document.service.size)
    for one, other in addresses.collisions(document.releases):
        yield (
            f"sluice:releases: {one} and {other} would get the same addresses (they are made from the version); give "
            f"{other} another version, such as {other}a"
        )


def _release(path: str, entry: ReleaseEntry, size: int) -> Iterator[str]:
    for key in (key for key in MACHINES if key in entry.model_fields_set):
        yield f"{path}.{key}: the platform is docker, which has none; remove it"
    if entry.image is None:
        yield f"{path}: there is no `image`; write a repository with a digest, such as image: repo/shop@sha256:…"
    if (entry.size or size) > addresses.LARGEST:
        yield f"{path}.size: {entry.size or size}: a slice has at most {addresses.LARGEST} containers; write fewer"
    yield from (
        f"{path}.secrets.{name}: {value!r}: it is no path; write that of a file on the host, such as {name}: "
        "/etc/sluice/db"
        for name, value in entry.secrets.items()
        if not value.startswith("/")
    )
