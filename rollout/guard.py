"""The guard: may this walk move the live weights? Compares recorded, live, planned and mark. Pure.

| live                  | mark                      | answer                                                         |
|-----------------------|---------------------------|----------------------------------------------------------------|
| none                  |                           | First: nothing splits traffic yet                              |
| any                   | owner alive               | BusyError, naming the owner                                    |
| = planned             | none, or its owner dead   | Rest: nothing to move (a dead owner's mark is taken away)      |
| on the mark's path    | owner dead                | Walk from live; when it goes on to the mark's goal and fails,  |
|                       |                           | back to the mark's start                                       |
| = recorded            | none                      | Walk                                                           |
| any, nothing recorded | none                      | Walk from live: the record was lost or the listener was given  |
| anything else         |                           | ForeignError, showing all four                                 |
"""

from collections.abc import Callable
from dataclasses import dataclass

from rollout import plan
from rollout.errors import BusyError, ForeignError
from rollout.mark import Mark
from rollout.routers.interface import Live
from rollout.shares import Shares, text


@dataclass(frozen=True)
class First:
    """Nothing splits traffic yet: whoever creates the rule moves the first traffic."""


@dataclass(frozen=True)
class Rest:
    """Live is what is planned."""

    dead_mark: bool


@dataclass(frozen=True)
class Walk:
    """Go from `start`, which is live, to `goal`; on failure put `former` back."""

    start: Shares
    goal: Shares
    former: Shares


def decide(
    recorded: Shares | None, live: Live | None, planned: Shares, alive: Callable[[Mark], bool]
) -> First | Rest | Walk:
    """What to do about *planned*; *alive* tells whether a mark's owner still walks."""
    if live is None:
        return First()
    mark = live.mark
    if mark and alive(mark):
        raise BusyError(
            f"another walk is on: {mark.owner} moves {text(mark.start)} → {text(mark.goal)} (run {mark.run}). "
            "Wait for it, or stop that process; then run this again."
        )
    if live.shares == planned:
        return Rest(dead_mark=mark is not None)
    if mark and plan.on_path(live.shares, mark.start, mark.goal):
        return Walk(live.shares, planned, mark.start if planned == mark.goal else live.shares)
    if not mark and (recorded is None or live.shares == recorded):
        return Walk(live.shares, planned, live.shares)
    raise ForeignError(
        f"the live weights are not ours: recorded {_said(recorded)}, live {text(live.shares)}, planned {text(planned)}, "
        f"mark {f'{text(mark.start)} → {text(mark.goal)} by {mark.owner}' if mark else 'none'}. "
        "Nothing was moved. Find out who changed them; to accept them, declare the live shares in sluice:traffic and "
        "run this again."
    )


def _said(recorded: Shares | None) -> str:
    return "nothing" if recorded is None else text(recorded)
