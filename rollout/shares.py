"""Shares of traffic: percent as people write it, tenths as the code counts, weights as a load balancer holds them.

In: percentages by version. Out: `Shares`, integers that sum to 1000 (tenths of a percent), zeros left out.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

Shares = Mapping[str, int]

WHOLE = 1000
MOST = 5  # target groups one ALB rule holds; during a walk it holds the slices of both ends
HEAVIEST = 999  # the largest weight an ALB accepts


def parse(declared: Mapping[str, object]) -> Shares:
    """Tenths by version from *declared* percentages; ValueError says which share is wrong, why, and what to write."""
    shares = {version: _tenths(version, value) for version, value in declared.items()}
    total = sum(shares.values())
    if total != WHOLE:
        raise ValueError(
            f"shares sum to {_number(total)}, not 100; write shares that sum to 100, such as {{v1: 90, v2: 10}}"
        )
    return {version: tenths for version, tenths in shares.items() if tenths}


def _tenths(version: str, value: object) -> int:
    try:
        if isinstance(value, bool):
            raise InvalidOperation
        percent = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(
            f"the share of {version} is {value!r}, not a number; write a percentage such as 12.5"
        ) from None
    if not percent.is_finite() or not 0 <= percent <= 100:
        raise ValueError(f"the share of {version} is {value}; write a percentage from 0 to 100")
    if percent * 10 % 1:
        raise ValueError(f"the share of {version} is {value}; write at most one decimal, such as {percent:.1f}")
    return int(percent * 10)


def percent(shares: Shares) -> dict[str, int | float]:
    """Percentages for people and JSON: whole ones as int."""
    return {version: _number(tenths) for version, tenths in sorted(shares.items())}


def _number(tenths: int) -> int | float:
    return tenths // 10 if tenths % 10 == 0 else tenths / 10


def text(shares: Shares) -> str:
    """One line for people: `v1 90 · v2 10`."""
    return " · ".join(f"{version} {_number(tenths)}" for version, tenths in sorted(shares.items())) or "nobody"


def weights(shares: Shares) -> dict[str, int]:
    """ALB weights: the tenths as they are; a lone version gets 999, the most there is."""
    return {version: min(tenths, HEAVIEST) for version, tenths in sorted(shares.items()) if tenths}


def from_weights(live: Mapping[str, int]) -> Shares:
    """The shares that *live* weights mean; the inverse of `weights`.

    Weights nobody here wrote are rounded, but none above 0 ever counts as nothing: such shares may sum to more
    than 1000 and then equal no declared ones.
    """
    total = sum(live.values())
    return {version: max(1, round(weight * WHOLE / total)) for version, weight in sorted(live.items()) if weight}
