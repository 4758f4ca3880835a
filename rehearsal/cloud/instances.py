"""Real processes that follow the Auto Scaling groups.

In: the world, what the balancer saw. Out: a process for each instance of a fleet, and moto's state kept true to them.
An instance whose process died, or that was healthy and then was ill for its fleet's grace period, is terminated and
replaced. One that leaves its fleet is deregistered first, so that nothing new reaches it, and ended when no request is
under way to it any more or its target group's deregistration delay has passed.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rehearsal.cloud import boot, machine, scaling
from rehearsal.cloud.backends import Backends
from rehearsal.cloud.balancer import TargetState
from rehearsal.cloud.children import Child, child
from rehearsal.cloud.images import Image
from rehearsal.cloud.loopback import LOOPBACK, free
from rehearsal.cloud.machine import Machine
from rehearsal.cloud.routing import cluster_name
from rehearsal.cloud.target_health import States
from rehearsal.cloud.world import Fleet, Instance, World
from rollout.envoy.config import Endpoint

VERSION = "SLUICE_VERSION"  # in an instance's environment
LEAST_LIFE = 5.0  # seconds until a dead instance is replaced at the earliest, so that a broken image makes no storm

log = logging.getLogger(__name__)


class Instances:
    """The machines of one cloud. To be used from the main thread only, but for `places` and `leaving`."""

    def __init__(self, home: Path, backends: Backends, environment: Mapping[str, str]) -> None:
        self._home = home
        self._backends = backends
        self._environment = environment
        self._machines: dict[str, Machine] = {}
        self._broken: dict[str, tuple[float, str]] = {}  # instances that did not start: since when, and why

    def places(self) -> dict[str, Endpoint]:
        """Where each instance listens, by id; not those that leave.

        One that boots is not there yet: a first check that fails would cost it as many good ones as the target group's
        threshold says, and those come every five seconds at best.
        """
        return {name: one.at for name, one in self._machines.copy().items() if one.has_arrived and not one.is_leaving}

    def leaving(self, fleet: str) -> list[str]:
        """Ids of the instances that *fleet* has let go and that are not gone yet."""
        return [name for name, one in self._machines.copy().items() if one.fleet == fleet and one.is_leaving]

    def places_of(self, version: str) -> dict[str, Endpoint]:
        """Those of `places` that run *version*, as their user data names it."""
        return {name: at for name, at in self.places().items() if self._machines[name].version == version}

    def kill(self, version: str, count: int) -> list[str]:
        """SIGKILL to *count* instances of *version*, with all that they started; the ids of those that were there."""
        of_it = (one for one in self._machines.values() if one.version == version)
        struck = [one for one in of_it if not one.is_leaving and not one.has_ended][:count]
        for one in struck:
            one.sweep(str(self._home))
        return [one.id for one in struck]

    def children(self) -> list[Child]:
        """Every process there is."""
        return [one.as_child for one in self._machines.values()]

    def trouble(self) -> str | None:
        """Why an instance that is wanted did not start; None when all did."""
        return next((why for _, why in self._broken.values()), None)

    def follow(self, world: World, images: Mapping[str, Image], taken: frozenset[int], slow_boot: float = 0.0) -> None:
        """Start what is missing, let go of what is no longer wanted; ports *taken* are not to be used.

        *slow_boot*: seconds that those that start take before they do anything. Afterwards moto's target groups are as
        they are to be: read the world anew.
        """
        wanted = {one.id: (fleet, one) for fleet in world.fleets for one in fleet.instances}
        for name in self._machines.keys() - wanted.keys():
            if not self._machines[name].is_leaving:
                self._let_go(self._machines[name], world)
        for one in self._machines.values():
            one.arrive(time.monotonic())
        self._broken = {name: what for name, what in self._broken.items() if name in wanted}
        for name in wanted.keys() - self._machines.keys() - self._broken.keys():
            fleet, instance = wanted[name]
            try:
                self._start(fleet, instance, images, taken, slow_boot)
            except (boot.UserDataError, machine.StartError) as error:
                why = f"instance {name} of {fleet.name} did not start: {error}"
                log.error(why)
                self._broken[name] = (time.monotonic(), why)

    def observe(self, world: World, states: States) -> None:
        """Replace what died or stays ill; *states* is what the balancer saw."""
        now = time.monotonic()
        for one, fleet in self._staying(world):
            _note_health(one, [states.get(cluster_name(arn), {}) for arn in fleet.groups], now)
            died = one.has_ended and now - one.started >= LEAST_LIFE
            ill = fleet.health == "ELB" and one.ill_since is not None and now - one.ill_since >= fleet.grace
            if died or ill:
                log.info("%s of %s %s: replaced", one.id, one.fleet, "ended" if died else "is ill")
                self._retire(one.id)
        for name, (since, _) in self._broken.items():
            if now - since >= LEAST_LIFE:
                self._retire(name)

    def _staying(self, world: World) -> list[tuple[Machine, Fleet]]:
        """The machines that are still wanted, each with its fleet."""
        members = [(one.id, fleet) for fleet in world.fleets for one in fleet.instances]
        return [(self._machines[name], fleet) for name, fleet in members if name in self._machines]

    def left_balancer(self) -> None:
        """The balancer was told, after `follow`: from now on nothing new reaches those that leave."""
        for one in self._machines.values():
            one.out_of_balancer = one.is_leaving

    def finish(self, requests: Callable[[Endpoint], int]) -> None:
        """End those that leave and are done; *requests* says how many are under way to an address."""
        now = time.monotonic()
        for one in [one for one in self._machines.values() if one.is_leaving]:
            if one.has_ended and one.stopped is None:
                one.stopped = now
            if one.stopped is not None or self._is_drained(one, requests, now):
                one.stop(now, str(self._home))
            if one.has_ended:
                one.sweep(str(self._home))
                del self._machines[one.id]

    def stop_all(self) -> None:
        """End everything at once, and wait for it."""
        for one in self._machines.values():
            one.drained_by = 0.0
        while self._machines:
            now = time.monotonic()
            for name, one in self._machines.copy().items():
                one.stop(now, str(self._home))
                if one.has_ended:
                    one.sweep(str(self._home))
                    del self._machines[name]
            time.sleep(0.02)

    @staticmethod
    def _is_drained(one: Machine, requests: Callable[[Endpoint], int], now: float) -> bool:
        if one.drained_by is not None and now >= one.drained_by:
            return True
        return one.out_of_balancer and requests(one.at) == 0

    def _start(
        self, fleet: Fleet, instance: Instance, images: Mapping[str, Image], taken: frozenset[int], slow_boot: float
    ) -> None:
        if (image := images.get(instance.image)) is None:
            return  # an image that cannot be booted here, made in moto alone
        at = Endpoint(LOOPBACK, free(taken | {one.at.port for one in self._machines.values()}))
        output = self._home / "instances" / f"{instance.id}.log"
        environment = boot.environment(self._environment, instance.user_data, at.host, at.port)
        process = machine.boot(image, environment, output, slow_boot)
        self._machines[instance.id] = Machine(
            id=instance.id,
            fleet=fleet.name,
            at=at,
            started=time.monotonic(),
            process=process,
            as_child=child(process.pid),
            version=environment.get(VERSION, fleet.name),
        )
        self._register(fleet, instance.id)

    def _register(self, fleet: Fleet, name: str) -> None:
        """moto does not register the replacement of an instance that was terminated."""
        for arn in fleet.groups:
            group = self._backends.elbv2.target_groups.get(arn)
            if group is not None and name not in group.targets:
                self._backends.elbv2.register_targets(arn, [{"Id": name, "Port": group.port}])

    def _let_go(self, one: Machine, world: World) -> None:
        """Deregister it; moto leaves what it terminated among the targets."""
        groups = [group for group in world.groups.values() if one.id in (target.id for target in group.targets)]
        for group in groups:
            self._backends.elbv2.deregister_targets(group.arn, [{"Id": one.id}])
        delay = max((group.delay for group in groups), default=0)
        one.drained_by = time.monotonic() + delay
        log.info("%s leaves %s", one.id, one.fleet)

    def _retire(self, name: str) -> None:
        """Terminate it in moto; its fleet has another one then."""
        scaling.lose(self._backends, name)


def _note_health(one: Machine, seen: Sequence[Mapping[Endpoint, TargetState]], now: float) -> None:
    """Remember since when a machine that was healthy is so no longer, in any group that a rule names."""
    states = [group[one.at] for group in seen if one.at in group]
    if any(not state.healthy for state in states if state.checked):
        one.ill_since = (one.ill_since or now) if one.was_healthy else None
    elif any(state.checked for state in states):
        one.was_healthy, one.ill_since = True, None
