"""A change of the stack file: what it makes of one, and whether the program would take that. Nothing is written."""

import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.settings import Settings
from ops.stack import Stack
from ops.stackfile import StackFile
from rollout.shares import Shares, parse

TAKE_OVER = {"SLUICE_TAKE_OVER": "yes"}  # the program accepts live weights that nobody here set


@dataclass(frozen=True, kw_only=True)
class Change:
    """`what` it is for, in words; the `traffic` to declare (None: as it is); `releases` to add, newest unless they come
    `back`; those to be `gone`; what marks some as `previews`, and those that are `promoted` to be none any more.
    `environment` is for the engine's process. `moved`: the weights are live already.
    """

    what: str
    traffic: Mapping[str, int | float] | None = None
    releases: Mapping[str, Any] = field(default_factory=dict)
    back: bool = False
    gone: Collection[str] = ()
    previews: Mapping[str, Any] = field(default_factory=dict)
    promoted: Collection[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    moved: bool = False

    def made_in(self, file: StackFile) -> StackFile:
        """*file* with this change."""
        file = file.without_releases(self.gone).without_previews(self.promoted)
        file = file.with_releases(self.releases, self.back).with_previews(self.previews)
        return file if self.traffic is None else file.with_traffic(self.traffic)


def declared(file: StackFile) -> Shares | None:
    """The shares that *file* declares; None when there are none, or none that can be."""
    if file.serves_nobody:
        return {}
    try:
        return parse(file.traffic)
    except ValueError:
        return None


def checked(stack: Stack, file: StackFile) -> Settings:
    """The settings that *file* would make, with the project's defaults, before it is the stack's file; ConfigError."""
    with candidate(file) as path:
        return stack.config(path).settings()


@contextmanager
def candidate(file: StackFile) -> Iterator[Path]:
    """*file* where the engine can read it while the block runs, though it is not the stack's."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, file.path.name)
        path.write_bytes(file.text.encode())
        yield path
