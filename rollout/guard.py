"""The guard: may this walk move the live weights? Compares recorded, live, planned and mark. Pure.

| live                  | mark                      | answer                                                         |
|-----------------------|---------------------------|----------------------------------------------------------------|
| none                  |                           | First: nothing splits traffic yet                              |
| any                   | owner alive               | BusyError, naming the owner                                    |
| = planned             | none, or its owner dead   | Rest: nothing to move (a dead owner's mark is taken away)      |
| on the mark's path    | owner dead                | Walk: on along it, where planned is its goal; back, where      |
|                       |                           | planned is its start; from live to anything else               |
| = recorded            | none                      | Walk                                                           |
| any, nothing recorded | none                      | Walk from live: the record was lost or the listener was given  |
| anything else         |                           | ForeignError, showing all four; a Walk from live when it is    |
|                       |                           | taken over                                                     |

A walk is refused (RefusedError) when a version that carries traffic is no longer declared, or when the slices with a
share before and after are more than one rule holds.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from rollout import plan
from rollout.errors import BusyError, ForeignError, RefusedError
from rollout.mark import Mark
from rollout.routers.interface import Live
from rollout.shares import MOST, Shares, text


@dataclass(frozen=True)
class First:
    """Nothing splits traffic yet: whoever creates the rule moves the first traffic."""


@dataclass(frozen=True)
class Rest:
    """Live is what is planned."""

    dead_mark: bool


@dataclass(frozen=True)
class Walk:
    """Go from `live` to `goal`; on failure put `former` back.

    The path begins at `origin`, which is live but where a dead walk goes on. `back`: a walk that was cut short is
    undone, so that nobody gains but who had it before.
    """

    live: Shares
    goal: Shares
    former: Shares
    origin: Shares
    back: bool = False


def decide(
    recorded: Shares | None,
    live: Live | None,
    planned: Shares,
    declared: Collection[str],
    alive: Callable[[Mark], bool],
    *,
    take_over: bool = False,
) -> First | Rest | Walk:
    """What to do about *planned*, with the slices *declared*; *alive* tells whether a mark's owner still walks.

    *take_over*: the operator accepts live weights that nobody here set.
    """
    if live is None:
        return First()
    mark = live.mark
    if mark and alive(mark):
        raise BusyError(
            f"another walk is on: {mark} (run {mark.run}). Wait for it, or end it with `python -m ops stop`; then run "
            "this again"
        )
    if live.shares == planned:
        return Rest(dead_mark=mark is not None)
    _refuse_crowd(live.shares, planned)
    if mark and plan.made(live.shares, mark.start, mark.goal) is not None:
        if planned == mark.goal:
            return Walk(live.shares, planned, mark.start, mark.start)
        return Walk(live.shares, planned, live.shares, live.shares, back=planned == mark.start)
    if take_over or (not mark and (recorded is None or live.shares == recorded)):
        _refuse_removal(live.shares, declared)
        return Walk(live.shares, planned, live.shares, live.shares)
    raise ForeignError(
        f"the live weights are not ours: recorded {_said(recorded)}, live {text(live.shares)}, "
        f"planned {text(planned)}, mark {mark or 'none'}. "
        "Nothing was moved. Find out who changed them; to walk from them all the same, run this again with "
        "SLUICE_TAKE_OVER=yes (of `ops`: --take-over)"
    )


def _refuse_crowd(live: Shares, planned: Shares) -> None:
    both = sorted({*live, *planned})
    if len(both) > MOST:
        raise RefusedError(
            f"sluice:traffic: {len(both)} slices have a share before or after this change ({', '.join(both)}), and one "
            f"rule holds {MOST}; take the share of some away first, then run this again. Nothing was moved"
        )


def _refuse_removal(live: Shares, declared: Collection[str]) -> None:
    removed = sorted(set(live) - set(declared))
    if removed:
        raise RefusedError(
            f"sluice:releases: {', '.join(removed)} is removed but carries traffic (live {text(live)}); keep it in "
            "sluice:releases, move its share away, and remove it in a later run. Nothing was moved"
        )


def _said(recorded: Shares | None) -> str:
    return "nothing" if recorded is None else text(recorded)
