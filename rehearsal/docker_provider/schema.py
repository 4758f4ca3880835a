"""What the types of Docker have in common."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rehearsal.docker_provider.daemon import Daemon
from rehearsal.provider.diff import Difference
from rehearsal.provider.schema import Field, ResourceType, bag, block, text
from rehearsal.provider.values import Props


@dataclass(frozen=True, kw_only=True)
class DockerType(ResourceType[Daemon]):
    """A type of Docker. `listed_outputs`: those that are lists, which differ while they were never read.

    `differs` finds what no comparison of values does. What does not drift is never read again.
    """

    listed_outputs: tuple[str, ...] = ()
    differs: Callable[[Props, Props], Iterator[Difference]] | None = None
    drifts: bool = True


LABELS = bag(block({"label": text(required=True), "value": text(required=True)}), replaces=True)


def as_map(labels: list[Props] | None) -> dict[str, str]:
    """Labels as the daemon takes them."""
    return {one["label"]: one["value"] for one in labels or []}


def as_list(labels: dict[str, str] | None) -> list[Props]:
    """Labels as Pulumi has them."""
    return [{"label": label, "value": value} for label, value in (labels or {}).items()]


def a_map(**how: object) -> Field:
    """A map of strings."""
    return Field(kind="a map of strings", of=text(), **how)  # pyright: ignore[reportArgumentType]
