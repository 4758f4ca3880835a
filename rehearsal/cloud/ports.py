"""Which local port serves what: each listener of each load balancer, on loopback."""

from collections.abc import Mapping, Sequence

from rehearsal.cloud.loopback import free
from rehearsal.cloud.world import Listener, LoadBalancer


class Ports:
    """Ports of load balancers, kept as long as their owner exists.

    A balancer's `entry` is known when it is made, before any listener: the first balancer's is *main*. Its listener at
    port 80, else its oldest, is served there; each further listener gets a port of its own.
    """

    def __init__(self, main: int) -> None:
        self.main = main
        self._entries: dict[str, int] = {}
        self._others: dict[str, int] = {}

    def entry(self, balancer: str) -> int:
        """The port at which the balancer (ARN) is reached."""
        if balancer not in self._entries:
            taken = self.taken()
            self._entries[balancer] = free(taken) if self.main in self._entries.values() else self.main
        return self._entries[balancer]

    def follow(self, balancers: Sequence[LoadBalancer]) -> Mapping[str, int]:
        """The port of each listener (ARN); forgets balancers and listeners that are gone."""
        alive = {one.arn for one in balancers}
        listeners = {one.arn for balancer in balancers for one in balancer.listeners}
        self._entries = {arn: port for arn, port in self._entries.items() if arn in alive}
        self._others = {arn: port for arn, port in self._others.items() if arn in listeners}
        return {one.arn: self._port(balancer, one) for balancer in balancers for one in balancer.listeners}

    def taken(self) -> frozenset[int]:
        """Every port that is given to a balancer, and the main one."""
        return frozenset({self.main, *self._entries.values(), *self._others.values()})

    def _port(self, balancer: LoadBalancer, listener: Listener) -> int:
        if listener == front(balancer):
            return self.entry(balancer.arn)
        if listener.arn not in self._others:
            self._others[listener.arn] = free(self.taken())
        return self._others[listener.arn]


def front(balancer: LoadBalancer) -> Listener:
    """The listener served at the balancer's entry: that of port 80, else the oldest."""
    return next((one for one in balancer.listeners if one.port == 80), balancer.listeners[0])
