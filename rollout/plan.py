"""The plan of a walk: the shares at each step on the way from one traffic to another. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rollout.shares import WHOLE, Shares


@dataclass(frozen=True)
class Step:
    """One set of shares on the way; `done` is the part of the change made by then, in tenths of a percent."""

    done: int
    shares: Shares


def steps(start: Shares, goal: Shares, fractions: Sequence[int] = (), made: int = 0) -> tuple[Step, ...]:
    """The steps from *start* to *goal* at *fractions* of the change, from the one at which *made* of it is made on.

    All in tenths of a percent. The last step is the goal; from and to nobody there is no other. Steps that the
    rounding makes equal are one.
    """
    on_the_way = [done for done in fractions if made <= done < WHOLE] if start and goal else []
    found: list[Step] = []
    for done in (*on_the_way, WHOLE):
        shares = blend(start, goal, done)
        if found and found[-1].shares == shares:
            found.pop()
        found.append(Step(done, shares))
    return tuple(found)


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


def made(live: Shares, start: Shares, goal: Shares) -> int | None:
    """How much of the change from *start* to *goal* is made at *live*, tenths of a percent; None: off its path."""
    return next((done for done in range(WHOLE + 1) if dict(live) == blend(start, goal, done)), None)


def gainers(start: Shares, goal: Shares) -> list[str]:
    """The versions with more share at the end than at the start: the newcomers."""
    return sorted(v for v, share in goal.items() if share > start.get(v, 0))


def losers(start: Shares, goal: Shares) -> list[str]:
    """The versions with less share at the end than at the start: together, the incumbent."""
    return gainers(goal, start)


def capacity(start: Shares, goal: Shares, desired: Mapping[str, int]) -> dict[str, int]:
    """Instances that each newcomer needs: the losers' *desired* ones, divided as what they lose is.

    One newcomer so gets as many as all that it takes share from.
    """
    lost = sum(desired.get(v, 0) for v in losers(start, goal))
    gains = {v: goal[v] - start.get(v, 0) for v in gainers(start, goal)}
    return {v: -(-lost * gain // sum(gains.values())) for v, gain in gains.items()}
