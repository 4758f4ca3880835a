"""What stands in the local AWS now: load balancers, target groups and fleets as frozen dataclasses.

In: moto's backends, read in-process. Out: a `World`, in which nothing is moto's any more. Where moto keeps an order or
a form that AWS does not show (rules by age, numbers as text), it is put right here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rehearsal.cloud.backends import Backends

DEFAULT_RULE = 1_000_000  # the listener's own default: after every priority there is


@dataclass(frozen=True)
class Target:
    """A registered target: an instance's id or an address, and the port that gets the traffic."""

    id: str
    port: int


@dataclass(frozen=True)
class Check:
    """A target group's health check; `codes` as AWS writes them ("200", "200-299", "200,202")."""

    path: str = "/"
    interval: int = 30
    timeout: int = 5
    healthy: int = 5
    unhealthy: int = 2
    codes: str = "200"
    port: str = "traffic-port"


@dataclass(frozen=True)
class TargetGroup:
    """`check`: None when it is switched off. `delay`: the deregistration delay in seconds."""

    arn: str
    name: str
    kind: str = "instance"
    port: int = 80
    check: Check | None = Check()
    delay: int = 300
    algorithm: str = "round_robin"
    targets: tuple[Target, ...] = ()


@dataclass(frozen=True)
class Rule:
    """Conditions and the action that answers, in the API's shape."""

    priority: int
    conditions: tuple[Mapping[str, Any], ...]
    action: Mapping[str, Any]

    def weights(self) -> dict[str, int]:
        """Target group ARN → weight; empty when the rule does not forward."""
        if "ForwardConfig" in self.action:
            held = self.action["ForwardConfig"].get("TargetGroups", [])
            return {one["TargetGroupArn"]: int(one.get("Weight", 1)) for one in held}
        return {self.action["TargetGroupArn"]: 1} if "TargetGroupArn" in self.action else {}


@dataclass(frozen=True)
class Listener:
    """A load balancer's port, its rules in the order they are tried, the default last."""

    arn: str
    port: int
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class LoadBalancer:
    """`idle`: its idle timeout in seconds. Listeners are in the order they were made."""

    arn: str
    name: str
    idle: int = 60
    listeners: tuple[Listener, ...] = ()


@dataclass(frozen=True)
class Instance:
    """A machine of a fleet: the image it boots, and its user data (decoded)."""

    id: str
    image: str
    user_data: str = ""


@dataclass(frozen=True)
class Fleet:
    """An Auto Scaling group with the instances it holds now. `grace`: seconds."""

    name: str
    groups: tuple[str, ...] = ()
    instances: tuple[Instance, ...] = ()
    health: str = "EC2"
    grace: int = 300


@dataclass(frozen=True)
class World:
    """All of it; target groups by ARN."""

    balancers: tuple[LoadBalancer, ...] = ()
    groups: Mapping[str, TargetGroup] = field(default_factory=dict)
    fleets: tuple[Fleet, ...] = ()

    def used(self) -> Mapping[str, LoadBalancer]:
        """Target group ARN → the load balancer that has a rule naming it. Only these are health-checked."""
        return {
            arn: balancer
            for balancer in self.balancers
            for listener in balancer.listeners
            for rule in listener.rules
            for arn in rule.weights()
            if arn in self.groups
        }


def read(backends: Backends) -> World:
    """What *backends* hold now; the caller holds the lock that keeps requests out meanwhile."""
    groups = backends.elbv2.target_groups.values()
    return World(
        balancers=tuple(_balancer(one) for one in backends.elbv2.load_balancers.values()),
        groups={one.arn: _group(one) for one in groups},
        fleets=tuple(_fleet(one) for one in backends.autoscaling.autoscaling_groups.values()),
    )


def _balancer(of: Any) -> LoadBalancer:
    listeners = tuple(_listener(one) for one in of.listeners.values())
    return LoadBalancer(of.arn, of.name, int(of.attrs.get("idle_timeout.timeout_seconds", 60)), listeners)


def _listener(of: Any) -> Listener:
    rules = sorted((_rule(one) for one in of.rules.values()), key=lambda rule: rule.priority)
    return Listener(of.arn, int(of.port), tuple(rules))


def _rule(of: Any) -> Rule:
    priority = DEFAULT_RULE if of.is_default else int(of.priority)
    return Rule(priority, tuple(of.conditions), of.actions[-1].data if of.actions else {})


def _group(of: Any) -> TargetGroup:
    return TargetGroup(
        arn=of.arn,
        name=of.name,
        kind=of.target_type,
        port=int(of.port or 0),
        check=_check(of) if str(of.health_check_enabled).lower() == "true" else None,
        delay=int(of.attributes["deregistration_delay.timeout_seconds"]),
        algorithm=of.attributes["load_balancing.algorithm.type"],
        targets=tuple(Target(one["Id"], int(one["Port"])) for one in of.targets.values()),
    )


def _check(of: Any) -> Check:
    return Check(
        path=of.health_check_path or "/",
        interval=int(of.health_check_interval_seconds),
        timeout=int(of.health_check_timeout_seconds),
        healthy=int(of.healthy_threshold_count),
        unhealthy=int(of.unhealthy_threshold_count),
        codes=str(of.matcher.get("HttpCode", "200")) if getattr(of, "matcher", None) else "200",
        port=str(of.health_check_port or "traffic-port"),
    )


def _fleet(of: Any) -> Fleet:
    instances = tuple(_instance(state.instance) for state in of.instance_states)
    return Fleet(
        of.name, tuple(of.target_group_arns), instances, of.health_check_type, int(of.health_check_grace_period or 0)
    )


def _instance(of: Any) -> Instance:
    return Instance(of.id, of.image_id, of.user_data.decode() if of.user_data else "")
