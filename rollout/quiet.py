"""The zero-traffic proof: a slice may go only when it carries no weight and no request reached it for a while."""

import threading
from collections.abc import Callable
from typing import Any

from rollout.clock import Clock
from rollout.errors import RefusedError, RouterError, StoppedError
from rollout.metrics.cloudwatch import requests
from rollout.routers.alb_rules import balancers, carriers

TICK = 1.0  # seconds between two looks
LATE = 180  # seconds more that requests of before may go on showing


def await_quiet(
    *,
    group: str,
    drain: float,
    elbv2: Any,
    cloudwatch: Any,
    clock: Clock,
    stop: threading.Event,
    say: Callable[[str], None],
    late: float = 0.0,
) -> None:
    """`await_still` of target group *group* (ARN). CloudWatch's points are minutes, and take *late* seconds to show:
    what counts is that the sum since the minute of the first look stops growing for so much longer.
    """

    def look(begun: float, now: float) -> int:
        return _look(group, begun, now, elbv2=elbv2, cloudwatch=cloudwatch)

    await_still(name=group.split("/")[-2], look=look, drain=drain, clock=clock, stop=stop, say=say, late=late)


def await_still(
    *,
    name: str,
    look: Callable[[float, float], int],
    drain: float,
    clock: Clock,
    stop: threading.Event,
    say: Callable[[str], None],
    late: float = 0.0,
) -> None:
    """Return when *name* has carried no weight and got no request for *drain* seconds.

    *look* tells how many requests came between two moments, and raises RefusedError where there is weight. When they
    keep coming, that is RefusedError too. A look that is throttled proves nothing.
    """
    begun = quiet_since = clock.now()
    seen: int | None = None
    say(f"{name}: waiting until no request was seen for {drain:g} s")
    while True:
        now = clock.now()
        patient = now - begun < 2 * (drain + late) + LATE
        try:
            total = look(begun, now)
        except RouterError as error:
            if not (error.passing and patient):
                raise
        else:
            if seen is None or total > seen:
                seen, quiet_since = total, now
            if now - quiet_since >= drain + late:
                return
            if not patient:
                raise RefusedError(
                    f"{name} still gets requests ({seen} in {now - begun:.0f} s) though it has no share: someone uses "
                    "its isolation route or a rule of theirs; nothing of its slice was deleted"
                )
        if stop.is_set():
            raise StoppedError(f"stopped by the operator; nothing of {name}'s slice was deleted")
        clock.sleep(TICK)


def _look(group: str, begun: float, now: float, *, elbv2: Any, cloudwatch: Any) -> int:
    """The requests since *begun*; RefusedError when a rule gives *group* weight."""
    name = group.split("/")[-2]
    carrying = carriers(elbv2, group)
    if carrying:
        raise RefusedError(f"{name} still carries traffic ({'; '.join(carrying)}); nothing of its slice was deleted")
    return sum(requests(cloudwatch, balancer, group, begun, now + 60) for balancer in balancers(elbv2, group))
