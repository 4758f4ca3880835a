"""How often a password may be tried: a few times from an address, then not for a while."""

import ipaddress
from collections import OrderedDict

from rollout.clock import Clock

MOST = 5  # wrong ones from one address within …
WINDOW = 15 * 60.0  # seconds
ADDRESSES = 10_000  # that are remembered; whoever has more gets no further by it than by waiting


class Attempts:
    """Each attempt counts as a wrong one until it is `forgive`n."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tried: OrderedDict[str, list[float]] = OrderedDict()

    def begin(self, address: str) -> float:
        """Count an attempt from *address*; seconds until it may be made, 0 when it may be made now."""
        whose, now = _net(address), self._clock.now()
        tried = [at for at in self._tried.pop(whose, []) if now - at < WINDOW]
        wait = max(0.0, tried[-MOST] + WINDOW - now) if len(tried) >= MOST else 0.0
        self._tried[whose] = tried if wait else [*tried, now]
        while len(self._tried) > ADDRESSES:
            self._tried.popitem(last=False)
        return wait

    def forgive(self, address: str) -> None:
        """The password was right."""
        self._tried.pop(_net(address), None)


def _net(address: str) -> str:
    """What one person has of addresses: one of version 4, a /64 of version 6."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else address
