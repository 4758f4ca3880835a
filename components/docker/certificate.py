"""The certificate of a service's entry: looked at before anything is made, and handed to the router when it is renewed.

In: `sluice:docker`'s `certificate` and `key`, PEM files of this machine. Out: the file that Envoy reads them from, on
the router's volume and nowhere else; RunError or RouterError when they are of no use.

Envoy takes a renewed pair for new connections, and those that stand stay. Which pair it has, its admin page tells by a
digest.
"""

import ssl
from pathlib import Path

import pulumi
from docker.errors import APIError
from requests.exceptions import RequestException

from components.config_docker import Docker
from components.docker import archive, names
from components.docker.host import Host, short
from rollout.envoy import service
from rollout.errors import RouterError
from rollout.routers.envoy import EnvoyRouter

PAGE = "config_dump?resource=dynamic_active_secrets"
TAKEN = 5.0  # seconds until Envoy has to have it
POLL = 0.1


def check(of: Docker) -> None:
    """RunError unless the files are there, are what they are to be, and belong together."""
    if not (of.certificate and of.key):
        return
    chain, key = _read("certificate", of.certificate), _read("key", of.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_verify_locations(cadata=chain)
    except ssl.SSLError:
        raise pulumi.RunError(
            f"sluice:docker.certificate: {of.certificate} holds no certificate; write the path of a PEM file, the "
            "service's own certificate first, then those that it was signed with"
        ) from None
    if "ENCRYPTED" in key:
        raise pulumi.RunError(
            f"sluice:docker.key: {of.key} is locked by a passphrase, which a router that restarts has nobody to ask "
            "for; write a key without one: `openssl pkey -in …`"
        )
    try:
        context.load_cert_chain(_path(of.certificate), _path(of.key))
    except ssl.SSLError as error:
        reason = (error.reason or str(error)).replace("_", " ").lower()
        raise pulumi.RunError(
            f"sluice:docker.key: {of.key} is not the key of {of.certificate} ({reason}); write the path of the one "
            "that this certificate was made with"
        ) from None


def file(of: Docker) -> tuple[str, str]:
    """The file that Envoy reads the pair from, an empty one where there is none, and its digest."""
    if not (of.certificate and of.key):
        return service.pair(None)
    return service.pair((_read("certificate", of.certificate), _read("key", of.key)))


def drift(of: Docker, router: EnvoyRouter) -> dict[str, str]:
    """In words, that Envoy has another pair than the files; empty where it has the same."""
    is_stale = of.certificate and service.held(router.page(PAGE)) != file(of)[1]
    return {"certificate": "the router has another one"} if is_stale else {}


def renew(of: Docker, host: Host, container: str, router: EnvoyRouter) -> None:
    """Hand the files to the *router* in *container*, where it has another pair; RouterError when it does not take them.

    Not by a command's arguments, as routes are written: those are in the daemon's log of events.
    """
    if not drift(of, router):
        return
    text, digest = file(of)
    beside = f"{service.PAIR}.new"
    try:
        host.client.containers.get(container).put_archive(names.FOLDER, archive.packed({beside: text}))
    except (APIError, RequestException) as error:
        raise RouterError(f"put the certificate beside {container}: {short(error)}", passing=True) from None
    host.run(container, ["mv", f"{names.FOLDER}/{beside}", f"{names.FOLDER}/{service.PAIR}"])
    until = router.clock.now() + TAKEN
    while service.held(router.page(PAGE)) != digest:
        if router.clock.now() > until:
            raise RouterError(
                f"the router does not take {of.certificate} after {TAKEN:g} s, and keeps the certificate that it had; "
                f"`docker logs {container}` says why"
            )
        router.clock.sleep(POLL)


def _path(name: str) -> Path:
    return Path(name).expanduser()


def _read(key: str, name: str) -> str:
    try:
        return _path(name).read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise pulumi.RunError(
            f"sluice:docker.{key}: {name} cannot be read ({reason}); write the path of a PEM file on this machine"
        ) from None
