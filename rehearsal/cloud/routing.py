"""The balancer's input from what stands in the local AWS. Pure.

In: a `World`, the local ports of its listeners, the addresses of its instances. Out: listeners and clusters with their
endpoints, in the terms of `rollout.envoy.config`. Only a target group that a rule names has a cluster, since AWS checks
no other.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from rehearsal.cloud.world import Check, Listener, LoadBalancer, Rule, Target, TargetGroup, World
from rollout.envoy import config as envoy

CLIENT = ipaddress.ip_address("127.0.0.1")  # where every request of a rehearsal comes from
POLICIES = {"least_outstanding_requests": "LEAST_REQUEST", "weighted_random": "RANDOM"}
REDIRECTED = {"Host": "#{host}", "Path": "/#{path}", "Port": "#{port}", "Protocol": "#{protocol}", "Query": "#{query}"}

Places = Mapping[str, envoy.Endpoint]
Ill = frozenset[tuple[str, envoy.Endpoint]]  # targets that count as ill whatever their checks say, by cluster


@dataclass(frozen=True)
class Routing:
    """What `Balancer.apply` takes."""

    listeners: tuple[envoy.Listener, ...]
    clusters: tuple[tuple[envoy.Cluster, tuple[envoy.Endpoint, ...]], ...]
    ill: Ill = frozenset()


def routing(world: World, ports: Mapping[str, int], places: Places, ill: Ill = frozenset()) -> Routing:
    """All of *world*; `ports`: listener ARN → local port, `places`: instance id → its address, while it runs."""
    listeners = [listener(balancer, one, ports[one.arn]) for balancer in world.balancers for one in balancer.listeners]
    used = [(world.groups[arn], balancer) for arn, balancer in world.used().items()]
    clusters = [(cluster(group, balancer), endpoints(group, places)) for group, balancer in used]
    return Routing(tuple(listeners), tuple(clusters), ill)


def listener(balancer: LoadBalancer, of: Listener, port: int) -> envoy.Listener:
    """One listener at its local *port*."""
    rules = tuple(one for rule in of.rules for one in rules_of(rule))
    return envoy.Listener(listener_name(balancer, of, port), port, rules, idle=balancer.idle)


def listener_name(balancer: LoadBalancer, of: Listener, port: int) -> str:
    """Unique, and another one at another port: Envoy's listeners cannot move."""
    return f"{balancer.name}-{of.arn.rsplit('/', maxsplit=1)[-1]}-{port}"


def cluster_name(group: str) -> str:
    """Of a target group's ARN `…:targetgroup/name/hash`: `name-hash`."""
    return "-".join(group.split("/")[-2:])


def cluster(group: TargetGroup, balancer: LoadBalancer) -> envoy.Cluster:
    """A target group behind the *balancer* that names it."""
    check = health_check(group.check, group.kind) if group.check else None
    policy = POLICIES.get(group.algorithm, "ROUND_ROBIN")
    return envoy.Cluster(cluster_name(group.arn), check, policy, idle=balancer.idle)


def health_check(check: Check, kind: str) -> envoy.HealthCheck:
    """Of instances always the port that gets the traffic: a process here listens at one port only."""
    port = int(check.port) if kind == "ip" and check.port.isdigit() else None
    return envoy.HealthCheck(
        check.path, check.interval, check.timeout, check.healthy, check.unhealthy, codes(check.codes), port
    )


def codes(text: str) -> tuple[tuple[int, int], ...]:
    """Inclusive ranges of what AWS writes as `200,202` or `200-299`."""
    ends = [part.partition("-") for part in text.split(",")]
    return tuple((int(first), int(last or first)) for first, _, last in ends)


def endpoints(group: TargetGroup, places: Places) -> tuple[envoy.Endpoint, ...]:
    """Addresses of the registered targets that have one by now."""
    found = (endpoint(group.kind, target, places) for target in group.targets)
    return tuple(one for one in found if one)


def endpoint(kind: str, target: Target, places: Places) -> envoy.Endpoint | None:
    """Where a target is: an instance where its process listens, an address only when it is this machine's."""
    if kind == "instance":
        return places.get(target.id)
    is_ours = kind == "ip" and ipaddress.ip_address(target.id).is_loopback
    return envoy.Endpoint(target.id, target.port) if is_ours else None


def rules_of(rule: Rule) -> Iterator[envoy.Rule]:
    """A rule as Envoy's: none when its source-ip is never ours, several when its query strings are alternatives."""
    fields: dict[str, list[Any]] = {"path-pattern": [], "host-header": [], "http-request-method": []}
    headers: list[tuple[str, tuple[str, ...]]] = []
    alternatives: list[list[tuple[str, tuple[str, ...]]]] = []
    for condition in rule.conditions:
        kind, values = condition["Field"], _values(condition)
        match kind:
            case "http-header":
                headers.append((condition["HttpHeaderConfig"]["HttpHeaderName"], tuple(values)))
            case "query-string":
                alternatives.append([(pair["Key"], (pair["Value"],)) for pair in values])
            case "source-ip":
                if not any(CLIENT in ipaddress.ip_network(block) for block in values):
                    return
            case _:
                fields[kind] += values
    paths, hosts, methods = (tuple(values) for values in fields.values())
    for queries in product(*alternatives):
        yield envoy.Rule(envoy.Match(paths, hosts, methods, tuple(headers), queries), action(rule))


def _values(condition: Mapping[str, Any]) -> list[Any]:
    """The values, which AWS takes either beside the field or inside its `…Config`."""
    configs = (value for name, value in condition.items() if name.endswith("Config"))
    return condition.get("Values") or next((config["Values"] for config in configs), [])


def action(rule: Rule) -> envoy.Action:
    """What answers: forward, fixed or redirect; an authenticating action before it is not rehearsed."""
    match rule.action.get("Type"):
        case "fixed-response":
            fixed = rule.action["FixedResponseConfig"]
            kind = fixed.get("ContentType") or "text/plain"
            return envoy.Fixed(int(fixed["StatusCode"]), fixed.get("MessageBody") or "", kind)
        case "redirect":
            return _redirect(rule.action["RedirectConfig"])
        case _:
            return envoy.Forward({cluster_name(arn): weight for arn, weight in rule.weights().items()})


def _redirect(config: Mapping[str, Any]) -> envoy.Redirect:
    changed = {name: config[name] for name, same in REDIRECTED.items() if config.get(name) not in (None, "", same)}
    return envoy.Redirect(
        status=int(config["StatusCode"].removeprefix("HTTP_")),
        scheme=changed["Protocol"].lower() if "Protocol" in changed else None,
        host=changed.get("Host"),
        port=int(changed["Port"]) if "Port" in changed else None,
        path=changed.get("Path"),
        query=changed.get("Query"),
    )
