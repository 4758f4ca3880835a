"""What a pull request proposes to release: version and entry of the slice that is its preview.

In: the artifact, or the stack file as the pull request has it. Out: a `Proposal`; ConfigError when there is none.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components import previews
from components.settings import Settings
from ops import stackfile
from ops.errors import ConfigError
from ops.stack import Stack


@dataclass(frozen=True)
class Proposal:
    """`version` of `entry`, as sluice:releases writes it, is to be the preview of the pull request `pull`."""

    pull: int
    version: str
    entry: Mapping[str, Any]


def of_artifact(stack: Stack, pull: int, ami: str | None, image: str | None, signature: str | None = None) -> Proposal:
    """*ami* and *image*, under a version made of them: the same artifact, the same version."""
    settings = stack.config().settings()
    given = {"ami": ami, "image": image, "signature": signature, "size": _smaller(settings)}
    if not ami and not image:
        raise ConfigError(
            f"preview open {pull}: of what? Write --ami ami-0123456789abcdef0, or on docker --image "
            "repo/shop@sha256:…, or --declared-in FILE"
        )
    digits = [*re.findall(r"([0-9a-f]{7})$", ami or ""), *re.findall(r"@sha256:([0-9a-f]{7})", image or "")]
    return Proposal(pull, "-".join(["pr", str(pull), *digits]), {key: one for key, one in given.items() if one})


def declared_in(stack: Stack, pull: int, path: Path) -> Proposal | None:
    """The one release that the stack file at *path* declares and this stack's does not; None when there is none."""
    theirs, ours = stackfile.load(path).releases, stackfile.load(stack.file).releases
    known = ours.keys() - set(of(stack.config().settings(), pull))
    new = [version for version in theirs if version not in known]
    if len(new) > 1:
        raise ConfigError(
            f"{path.name} declares {len(new)} releases that {stack.file.name} does not ({', '.join(new)}), and a pull "
            "request has one preview; declare one of them"
        )
    return Proposal(pull, new[0], theirs[new[0]]) if new else None


def of(settings: Settings, pull: int) -> list[str]:
    """The version that is the preview of *pull*, if there is one."""
    return [version for version, one in settings.previews.open.items() if one.pull == pull]


def _smaller(settings: Settings) -> int | None:
    """The size of a preview where it may not have that of the service."""
    most = previews.allowed(settings.previews, settings.service.size)
    return most if most < settings.service.size else None
