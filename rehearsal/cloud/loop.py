"""One turn of the cloud: from what the API was told to what the balancer and the instances do, and back.

moto's state ─► instances (start, let go) ─► routing ─► balancer ─► health ─► instances (replace, end) ─► counters
"""

import time

from rehearsal.cloud import counters
from rehearsal.cloud.balancer import Balancer, Count
from rehearsal.cloud.cloud import Cloud
from rehearsal.cloud.counters import Dimensions
from rehearsal.cloud.routing import Routing, cluster_name, listener_name, routing
from rehearsal.cloud.trouble import Trouble
from rehearsal.cloud.world import World

NAMESPACE = "AWS/ApplicationELB"
EVERY = 1.0  # seconds between points


class Loop:
    """Keeps one cloud together. To be used from the main thread, to which processes are tied."""

    def __init__(self, cloud: Cloud, balancer: Balancer) -> None:
        self._cloud = cloud
        self._balancer = balancer
        self._trouble = Trouble(cloud.instances)
        self._held: Routing | None = None
        self._groups: dict[str, Dimensions] = {}
        self._listeners: dict[str, str] = {}
        self._counts: list[Count] = []
        self._counted = 0.0

    def turn(self) -> None:
        """Follow every change that was made, once."""
        cloud = self._cloud
        faults = cloud.faults
        self._trouble.begin(faults)
        with cloud.lock:
            cloud.instances.follow(cloud.world(), cloud.images(), cloud.ports.taken(), faults.slow_boot)
            wanted = self._routing(self._trouble.world(cloud.world()))
        if wanted != self._held:
            self._held = None
            self._balancer.apply(wanted.listeners, wanted.clusters, wanted.ill)
            self._held = wanted
        cloud.instances.left_balancer()
        cloud.states = self._balancer.targets()
        with cloud.lock:
            cloud.instances.observe(cloud.world(), cloud.states)
        cloud.instances.finish(self._balancer.connections)
        if time.monotonic() - self._counted >= EVERY:
            self.count()

    def count(self) -> None:
        """What was answered since the last count becomes points in CloudWatch."""
        self._counted = time.monotonic()
        now = self._balancer.counts()
        points = counters.points(self._counts, now, self._groups, self._listeners)
        self._counts = now
        with self._cloud.lock:
            self._cloud.backends.cloudwatch.put_metric_data(NAMESPACE, points)  # moto stamps them with now

    def _routing(self, world: World) -> Routing:
        ports = self._cloud.ports.follow(world.balancers)
        for arn, balancer in world.used().items():
            self._groups[cluster_name(arn)] = Dimensions(_after(arn, 5), _after(balancer.arn, 5, "loadbalancer/"))
        for balancer in world.balancers:
            for one in balancer.listeners:
                name = listener_name(balancer, one, ports[one.arn])
                self._listeners[name] = _after(balancer.arn, 5, "loadbalancer/")
        return routing(world, ports, self._cloud.instances.places(), self._trouble.ill(world))


def _after(arn: str, colons: int, prefix: str = "") -> str:
    """The part of an ARN that CloudWatch's dimensions name: `targetgroup/name/hash`, `app/name/hash`."""
    return arn.split(":", maxsplit=colons)[colons].removeprefix(prefix)
