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


def of_artifact(stack: Stack, pull: int, entry: Mapping[str, Any]) -> Proposal:
    """*entry*, under a version made of its artifact: the same artifact, the same version."""
    settings = stack.config().settings()
    digits = [
        *re.findall(r"([0-9a-f]{7})$", entry.get("ami", "")),
        *re.findall(r"@sha256:([0-9a-f]{7})", entry.get("image", "")),
    ]
    most = previews.allowed(settings.previews, settings.service.size)
    size = {"size": most} if most < settings.service.size else {}
    return Proposal(pull, "-".join(["pr", str(pull), *digits]), {**entry, **size})


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
