"""Declared traffic: who should get which share. Pure.

In: percentages by version, the versions that exist. Out: `Traffic`, or a ValueError that says what to write instead.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from rollout.shares import MOST, Shares, parse


@dataclass(frozen=True)
class Traffic:
    """Shares in tenths of a percent by version; versions without share are left out. None at all: nobody is served."""

    shares: Shares


def declare(percent: Mapping[str, object], versions: Collection[str]) -> Traffic:
    """The traffic that *percent* declares over *versions*."""
    unknown = sorted(set(percent) - set(versions))
    if unknown:
        raise ValueError(
            f"{', '.join(unknown)} is not in sluice:releases ({', '.join(versions)}); "
            "declare the release first, or move its share to one that is"
        )
    shares = parse(percent) if percent else {}
    if len(shares) > MOST:
        raise ValueError(
            f"{len(shares)} slices have a share ({', '.join(sorted(shares))}), and one listener rule holds {MOST}; "
            "leave a share to fewer"
        )
    return Traffic(shares)
