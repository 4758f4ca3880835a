"""What a run of the program asks a controller for. Pure data."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rollout.contract import Contracts
from rollout.routers.interface import Live
from rollout.shares import WHOLE, Shares
from rollout.strategy import Strategy
from rollout.versions import in_order


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is asked for.

    `recorded` by the last finished run (None: nothing), `planned` now, `declared` the versions whose slices exist, and
    of these the ones this run has `created`, and those that are `previews`; `retired` are to go after it. `contracts`:
    what they say of the data. `sizes`: instances that a release asks for. `take_over`: foreign live weights are
    accepted as the start; `down`: that nobody is served is meant.
    """

    service: str
    stack: str
    recorded: Shares | None
    planned: Shares
    declared: frozenset[str]
    strategy: Strategy
    contracts: Contracts = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    created: frozenset[str] = frozenset()
    previews: frozenset[str] = frozenset()
    retired: frozenset[str] = frozenset()
    take_over: bool = False
    down: bool = False


def carried(order: Order, live: Live | None) -> list[str]:
    """The versions, of those declared, that have had 100 % of the traffic at the end of a finished run; newest last."""
    whole = [version for version, share in (order.recorded or {}).items() if share == WHOLE]
    before = in_order(set(live.carried if live else ()) - set(whole))
    return [version for version in (*before, *whole) if version in order.declared]
