"""What DescribeTargetHealth answers, in ELB's words.

In: a target group, what the balancer saw, which targets left when. Out: state, reason and description of each target.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from rehearsal.cloud.balancer import TargetState
from rehearsal.cloud.routing import Places, cluster_name, endpoint
from rehearsal.cloud.world import Target, TargetGroup, World
from rollout.envoy.config import Endpoint

States = Mapping[str, Mapping[Endpoint, TargetState]]

WORDS = {
    "Target.NotInUse": "Target group is not configured to receive traffic from the load balancer",
    "Target.NotRegistered": "Target is not registered to the target group",
    "Target.DeregistrationInProgress": "Target deregistration is in progress",
    "Target.HealthCheckDisabled": "Health checks are not enabled for this target",
    "Target.FailedHealthChecks": "Health checks failed",
    "Target.ResponseCodeMismatch": "Health checks failed with an unexpected response code",
    "Target.Timeout": "Request timed out",
    "Elb.RegistrationInProgress": "Target registration is in progress",
    "Elb.InitialHealthChecking": "Initial health checks in progress",
}


@dataclass(frozen=True)
class Health:
    """One target's state; `reason` is "" where AWS gives none."""

    target: Target
    state: str
    reason: str = ""

    @property
    def description(self) -> str:
        """The sentence that goes with the reason."""
        return WORDS.get(self.reason, "")


class Drains:
    """Targets that left their group, listed as draining until the group's deregistration delay has passed.

    The delay counts from the departure, also when no request was under way. A group that no rule names drains nothing.
    """

    def __init__(self) -> None:
        self._seen: Mapping[str, TargetGroup] = {}
        self._until: dict[tuple[str, Target], float] = {}

    def follow(self, world: World, now: float) -> None:
        """Note what left since the last call; to be called after every change."""
        used = world.used()
        for arn, group in world.groups.items():
            before = self._seen[arn].targets if arn in self._seen else ()
            for target in before:
                if target not in group.targets and arn in used:
                    self._until[arn, target] = now + group.delay
        self._seen = world.groups
        self._until = {
            (arn, target): until
            for (arn, target), until in self._until.items()
            if until > now and arn in world.groups and target not in world.groups[arn].targets
        }

    def of(self, group: str, now: float) -> list[Target]:
        """The targets of *group* (ARN) that are draining at *now*."""
        return [target for (arn, target), until in self._until.items() if arn == group and until > now]


def health(group: TargetGroup, in_use: bool, places: Places, states: States, draining: list[Target]) -> list[Health]:
    """Every target of *group*, the draining ones last."""
    seen = states.get(cluster_name(group.arn), {})
    current = [_of(group, target, in_use, endpoint(group.kind, target, places), seen) for target in group.targets]
    return current + [Health(target, "draining", "Target.DeregistrationInProgress") for target in draining]


def _of(
    group: TargetGroup, target: Target, in_use: bool, at: Endpoint | None, seen: Mapping[Endpoint, TargetState]
) -> Health:
    state = seen.get(at) if at else None
    if not in_use:
        return Health(target, "unused", "Target.NotInUse")
    if at is None:
        return Health(target, "initial", "Elb.RegistrationInProgress")
    if group.check is None:
        return Health(target, "unavailable", "Target.HealthCheckDisabled")
    if state is None or not state.checked:
        return Health(target, "initial", "Elb.InitialHealthChecking")
    if state.healthy:
        return Health(target, "healthy")
    return Health(target, "unhealthy", state.reason)
