"""The faults of machines and balancer: instances die, boot slowly or look ill, and weights are followed late.

In: the faults that are stated, the world as it stands. Out: instances killed, the world as the balancer is to see it,
the targets whose health checks fail.
"""

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from rehearsal.cloud.faults import Faults
from rehearsal.cloud.instances import Instances
from rehearsal.cloud.late import Late
from rehearsal.cloud.routing import Ill, cluster_name
from rehearsal.cloud.world import Check, Listener, Rule, TargetGroup, World

Key = tuple[str, int]  # a rule: its listener, its priority

log = logging.getLogger(__name__)


class Trouble:
    """What the faults of one cloud do outside its API."""

    def __init__(self, instances: Instances) -> None:
        self._instances = instances
        self._faults = Faults()
        self._since = 0.0
        self._actions: Late[Key, Mapping[str, Any]] = Late()
        self._groups: dict[str, TargetGroup] = {}  # every one that ever was

    def begin(self, faults: Faults) -> None:
        """Take note of what is stated now; what was stated anew kills."""
        if faults is self._faults:
            return
        self._faults, self._since = faults, time.monotonic()
        for version, count in faults.kill.items():
            killed = self._instances.kill(version, count)
            log.info("killed of %s, for a fault: %s", version, ", ".join(killed) or "none, as none runs")

    def world(self, now: World) -> World:
        """*now* as the balancer follows it: rules that were there before do what they did so long ago.

        A target group that was deleted meanwhile still gets its share, and has no target.
        """
        at = time.monotonic()
        self._groups |= now.groups
        late = self._actions.follow({key: rule.action for key, rule in _rules(now)}, self._faults.late_weights, at)
        balancers = [
            replace(one, listeners=tuple(_with(listener, late) for listener in one.listeners)) for one in now.balancers
        ]
        named = {arn for one in balancers for listener in one.listeners for r in listener.rules for arn in r.weights()}
        ghosts = {arn: replace(self._groups[arn], targets=()) for arn in named - now.groups.keys()}
        return replace(now, balancers=tuple(balancers), groups={**now.groups, **ghosts})

    def ill(self, world: World) -> Ill:
        """The targets that fail their checks for a fault, by cluster."""
        passed = time.monotonic() - self._since
        return frozenset(
            (cluster_name(group.arn), at)
            for version, half in self._faults.flap.items()
            for group in world.groups.values()
            if group.check and is_ill(passed, half, group.check)
            for at in self._instances.places_of(version).values()
        )


def is_ill(passed: float, half: float, check: Check) -> bool:
    """Whether a target counts as ill whose checks fail for *half* seconds, then pass as long, and so on, *passed*
    seconds after the beginning: as with a real one, not before so many checks in a row have said so.
    """
    falls, rises = check.unhealthy * check.interval, check.healthy * check.interval
    if falls > half or passed < falls:
        return False
    if rises > half:
        return True  # it never passes often enough in a row
    return falls <= passed % (2 * half) < half + rises


def _rules(world: World) -> Iterator[tuple[Key, Rule]]:
    for balancer in world.balancers:
        for listener in balancer.listeners:
            for rule in listener.rules:
                yield (listener.arn, rule.priority), rule


def _with(listener: Listener, actions: Mapping[Key, Mapping[str, Any]]) -> Listener:
    rules = [replace(rule, action=actions[listener.arn, rule.priority]) for rule in listener.rules]
    return replace(listener, rules=tuple(rules))
