"""Images: looked for here first, and pulled only when they are not; then never asked for again."""

from typing import Any

from rehearsal.docker_provider.config import HUB
from rehearsal.docker_provider.daemon import Daemon, doing, found
from rehearsal.docker_provider.errors import DOCKER_ERRORS, told
from rehearsal.provider.errors import RefusedError
from rehearsal.provider.values import Props


def local(daemon: Daemon, name: str) -> Props | None:
    """The image that *name* stands for here; None when there is none."""
    return found(lambda: daemon.client.inspect_image(name))


def have(daemon: Daemon, name: str, platform: str = "") -> Props:
    """The image, pulled when it is not here. *platform* is used for the pull only."""
    if not name:
        raise RefusedError("empty image name is not allowed")
    with doing(f'findImage1: error looking up local image "{name}": unable to inspect image {name}'):
        if here := local(daemon, name):
            return here
    try:
        complaint = _pull(daemon, name, platform)
    except DOCKER_ERRORS as error:
        raise RefusedError(f"unable to pull image {name}: error pulling image {name}: {told(error)}") from error
    if pulled := local(daemon, name):
        return pulled
    raise RefusedError(f"unable to find or pull image {name}{complaint}")


def _pull(daemon: Daemon, name: str, platform: str) -> str:
    repository, tag = parts(name)
    auth: Any = daemon.auths.get(registry(name), {})
    answer = daemon.client.pull(
        repository, tag=tag, stream=True, decode=True, auth_config=auth, platform=platform or None
    )
    errors = [one["error"] for one in answer if "error" in one]
    return f": {errors[-1]}" if errors else ""


def parts(name: str) -> tuple[str, str]:
    """What to pull from, and its digest or tag; beside a digest the tag is decoration."""
    named, _, digest = name.partition("@")
    folder, slash, last = named.rpartition("/")
    last, _, tag = last.partition(":")
    return f"{folder}{slash}{last}", digest or tag or "latest"


def registry(name: str) -> str:
    """The host that *name* is pulled from."""
    first, slash, _ = name.partition("/")
    is_host = slash and ("." in first or ":" in first or first == "localhost")
    return first if is_host else HUB


def digest_reference(name: str, image: Props) -> str:
    """The image's `repo@sha256:…`; empty when it was never pulled or pushed.

    As the real provider chooses it: of several, the first that begins as *name* does before its first colon. Of a name
    with a port that is the registry's host alone, so it may be the same image in another repository.
    """
    digests: list[str] = image.get("RepoDigests") or []
    beginning = name.partition(":")[0]
    return next((one for one in digests if one.startswith(beginning)), digests[0] if digests else "")
