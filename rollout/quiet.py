"""The zero-traffic proof: a slice may go only when it carries no weight and no request reached it for a while."""

import threading
from collections.abc import Callable
from typing import Any

from rollout.clock import Clock
from rollout.errors import RefusedError, StoppedError
from rollout.metrics.cloudwatch import requests
from rollout.routers.alb_rules import balancers, carriers

TICK = 1.0  # seconds between two looks
LATE = 180  # seconds CloudWatch may be late with what happened before


def await_quiet(
    *,
    group: str,
    drain: float,
    elbv2: Any,
    cloudwatch: Any,
    clock: Clock,
    stop: threading.Event,
    say: Callable[[str], None],
) -> None:
    """Return when target group *group* (ARN) has carried no weight and got no request for *drain* seconds.

    RefusedError when a rule gives it weight, or when requests keep coming. CloudWatch's points are minutes, so what
    counts is that the sum since the minute of the first look stops growing.
    """
    name = group.split("/")[-2]
    begun = quiet_since = clock.now()
    seen: int | None = None
    say(f"{name}: waiting until no request was seen for {drain:g} s")
    while True:
        now = clock.now()
        carrying = carriers(elbv2, group)
        if carrying:
            raise RefusedError(
                f"{name} still carries traffic ({'; '.join(carrying)}); nothing of its slice was deleted"
            )
        total = sum(requests(cloudwatch, balancer, group, begun, now + 60) for balancer in balancers(elbv2, group))
        if seen is None or total > seen:
            seen, quiet_since = total, now
        if now - quiet_since >= drain:
            return
        if now - begun >= 2 * drain + LATE:
            raise RefusedError(
                f"{name} still gets requests ({seen} in {now - begun:.0f} s) though it has no share: someone uses its "
                "isolation route or a rule of theirs; nothing of its slice was deleted"
            )
        if stop.is_set():
            raise StoppedError(f"stopped by the operator; nothing of {name}'s slice was deleted")
        clock.sleep(TICK)
