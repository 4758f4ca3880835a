"""What a router promises: the live weights and the mark beside them, read and set; and how healthy a slice is."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from rollout.mark import Mark
from rollout.schema import Schema
from rollout.shares import Shares

NOBODY = "No slice is declared here yet."  # what clients read, with status 503, while no version has a share


@dataclass(frozen=True)
class Live:
    """What the router says now; `carried`: the versions that are known to have carried all the traffic once; `schema`:
    what the data is recorded to be at, None where nothing is.
    """

    shares: Shares
    mark: Mark | None
    carried: frozenset[str] = frozenset()
    schema: Schema | None = None


@dataclass(frozen=True)
class Health:
    """One slice's targets: how many are healthy, how many are wanted, and why the others are not (reason → count)."""

    version: str
    healthy: int
    wanted: int
    others: Mapping[str, int] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        """Every wanted target is healthy, and at least one is wanted."""
        return self.healthy >= self.wanted >= 1

    def __str__(self) -> str:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(self.others.items()))
        return f"{self.version}: {self.healthy} of {self.wanted} healthy" + (f" ({reasons})" if reasons else "")


class Router(Protocol):
    """Each method raises RouterError, with what was tried, when the router cannot be reached or refuses."""

    def read(self) -> Live | None:
        """The live shares and mark; None when nothing splits traffic yet."""
        ...

    def set_shares(self, shares: Shares) -> None:
        """Set all live weights in one write; no shares at all: clients are told NOBODY."""
        ...

    def begin(self, shares: Shares) -> None:
        """Set the first shares, where nothing splits traffic yet and no resource will: an ALB's rule is one."""
        ...

    def set_mark(self, mark: Mark | None, carried: Collection[str] = ()) -> None:
        """Write the mark beside the weights, or take it away; remember that *carried* have had all of the traffic.

        A renewed mark leaves a `stop` that is beside it.
        """
        ...

    def set_schema(self, schema: Schema) -> None:
        """Record what the data is at, beside the weights: it stays when every slice goes."""
        ...

    def health(self, version: str) -> Health:
        """Count the targets of *version* as the load balancer sees them."""
        ...


class StoppableRouter(Router, Protocol):
    """A router whose walk an operator can end from elsewhere."""

    def ask_stop(self, run: str) -> bool:
        """Ask the walk *run* to put back what it moved; False when its mark is not there (any more)."""
        ...
