"""The plan of a walk: the shares at each step on the way from one traffic to another. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from rollout.shares import WHOLE, Shares


@dataclass(frozen=True)
class Step:
    """One set of shares on the way; `done` is the part of the change made by then, in tenths of a percent."""

    done: int
    shares: Shares


def steps(start: Shares, goal: Shares, fractions: Sequence[int] = (WHOLE,)) -> tuple[Step, ...]:
    """The steps from *start* to *goal* at *fractions* (tenths of a percent of the change); the last is the goal."""
    return tuple(Step(done, blend(start, goal, done)) for done in fractions)


def blend(start: Shares, goal: Shares, done: int) -> Shares:
    """Shares when *done* tenths of a percent of the change are made.

    They sum to what the ends sum to, and no version passes its end: rounding goes by the largest remainder, and only
    a version strictly between its ends has one.
    """
    exact = {v: start.get(v, 0) * (WHOLE - done) + goal.get(v, 0) * done for v in {**start, **goal}}
    shares = {v: value // WHOLE for v, value in exact.items()}
    missing = sum(exact.values()) // WHOLE - sum(shares.values())
    for v in sorted(exact, key=lambda v: (-(exact[v] % WHOLE), v))[:missing]:
        shares[v] += 1
    return {v: share for v, share in sorted(shares.items()) if share}


def on_path(live: Shares, start: Shares, goal: Shares) -> bool:
    """Whether *live* is a point that a walk from *start* to *goal* can pass."""
    return any(dict(live) == blend(start, goal, done) for done in range(WHOLE + 1))


def gainers(start: Shares, goal: Shares) -> list[str]:
    """The versions with more share at the end than at the start: the newcomers."""
    return sorted(v for v, share in goal.items() if share > start.get(v, 0))
