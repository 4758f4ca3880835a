"""What the API and the daemon's loop share: moto's state, the processes, the ports, what the balancer saw.

Whoever reads or changes any of it holds `lock`; `changed` wakes the loop.
"""

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from rehearsal.cloud import amis, cloudwatch, images, world
from rehearsal.cloud.backends import Backends
from rehearsal.cloud.faults import Faults, Stated
from rehearsal.cloud.instances import Instances
from rehearsal.cloud.loopback import LOOPBACK
from rehearsal.cloud.metrics import Metrics
from rehearsal.cloud.ports import Ports
from rehearsal.cloud.target_health import Drains, Health, States, health


@dataclass
class Cloud:
    """One rehearsal cloud. `states` is what the balancer saw last, replaced whole by the loop."""

    home: Path
    backends: Backends
    instances: Instances
    ports: Ports
    drains: Drains = field(default_factory=Drains)
    states: States = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    changed: threading.Event = field(default_factory=threading.Event)
    metrics: Metrics = field(default_factory=Metrics)
    stated: Stated = field(init=False)

    def __post_init__(self) -> None:
        self.stated = Stated(self.home)
        cloudwatch.answer(self.metrics, self.backends.cloudwatch, lambda: time.time() - self.faults.metrics_lag)

    @property
    def faults(self) -> Faults:
        """What is to go wrong now; another object whenever it was stated anew."""
        return self.stated.now()

    def images(self) -> dict[str, images.Image]:
        """The machine images that exist, after moto was told."""
        found = images.known(self.home)
        amis.publish(found, self.backends.ec2)
        return found

    def world(self) -> world.World:
        """What stands now, with what moto derives wrongly put right: draining targets, addresses, associations."""
        found = world.read(self.backends)
        self.drains.follow(found, time.monotonic())
        used = found.used()
        for arn, group in self.backends.elbv2.target_groups.items():
            group.load_balancer_arns = [used[arn].arn] if arn in used else []
        for arn, balancer in self.backends.elbv2.load_balancers.items():
            balancer.dns_name = f"{LOOPBACK}:{self.ports.entry(arn)}"
        return found

    def health(self, group: str) -> list[Health]:
        """The targets of target group *group* (ARN), the draining ones too."""
        found = self.world()
        draining = self.drains.of(group, time.monotonic())
        return health(found.groups[group], group in found.used(), self.instances.places(), self.states, draining)
