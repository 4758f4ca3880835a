"""One turn of the cloud: from what the API was told to what the balancer and the instances do, and back.

moto's state ─► instances (start, let go) ─► routing ─► balancer ─► health ─► instances (replace, end)
"""

from rehearsal.cloud.balancer import Balancer
from rehearsal.cloud.cloud import Cloud
from rehearsal.cloud.counters import Dimensions
from rehearsal.cloud.databases import Databases
from rehearsal.cloud.meter import Meter
from rehearsal.cloud.routing import Routing, cluster_name, listener_name, routing
from rehearsal.cloud.trouble import Trouble
from rehearsal.cloud.world import World


class Loop:
    """Keeps one cloud together. To be used from the main thread, to which processes are tied."""

    def __init__(self, cloud: Cloud, balancer: Balancer, meter: Meter, databases: Databases) -> None:
        self._cloud = cloud
        self._balancer = balancer
        self._meter = meter
        self._databases = databases
        self._trouble = Trouble(cloud.instances)
        self._held: Routing | None = None

    def turn(self) -> None:
        """Follow every change that was made, once."""
        cloud = self._cloud
        faults = cloud.faults
        self._trouble.begin(faults)
        with cloud.lock:
            cloud.instances.follow(cloud.world(), cloud.images(), cloud.ports.taken(), faults.slow_boot)
            self._databases.follow()
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

    def _routing(self, world: World) -> Routing:
        ports = self._cloud.ports.follow(world.balancers)
        groups = {
            cluster_name(arn): Dimensions(_after(arn, 5), _after(balancer.arn, 5, "loadbalancer/"))
            for arn, balancer in world.used().items()
        }
        listeners = {
            listener_name(balancer, one, ports[one.arn]): _after(balancer.arn, 5, "loadbalancer/")
            for balancer in world.balancers
            for one in balancer.listeners
        }
        self._meter.know(groups, listeners)
        return routing(world, ports, self._cloud.instances.places(), self._trouble.ill(world))


def _after(arn: str, colons: int, prefix: str = "") -> str:
    """The part of an ARN that CloudWatch's dimensions name: `targetgroup/name/hash`, `app/name/hash`."""
    return arn.split(":", maxsplit=colons)[colons].removeprefix(prefix)
