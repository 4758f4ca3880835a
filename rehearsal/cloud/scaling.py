"""What Auto Scaling does by itself, again and again, and moto only when it is told a size.

In: moto's backends. Out: groups whose instances are as many as are desired, as far as protection from scale-in lets it.
"""

from typing import Any

from rehearsal.cloud.backends import Backends


def settle(backends: Backends) -> None:
    """Bring each group's desired capacity between its bounds, and scale in what is no longer protected."""
    for group in _groups(backends):
        wanted = max(group.min_size, min(group.desired_capacity, group.max_size))
        if wanted != group.desired_capacity or _may_shrink(group):
            group.set_desired_capacity(wanted)


def lose(backends: Backends, instance: str) -> None:
    """Terminate *instance*, protected or not; its group launches another where fewer than desired are left."""
    backends.ec2.terminate_instances([instance])
    for group in _groups(backends):
        left = [one for one in group.instance_states if one.instance.id != instance]
        if len(left) < len(group.instance_states):
            group.instance_states = left
            if len(group.active_instances()) < group.desired_capacity:
                group.set_desired_capacity(group.desired_capacity)


def _groups(backends: Backends) -> list[Any]:
    return list(backends.autoscaling.autoscaling_groups.values())


def _may_shrink(group: Any) -> bool:
    free = any(not one.protected_from_scale_in for one in group.instance_states)
    return free and len(group.active_instances()) > group.desired_capacity
