"""One service's slices as Envoy's clusters and routes: what a router of its own follows, and what its pages say. Pure.

In: the declared slices, shares; what Envoy's admin page shows. Out: xDS resources; live shares; targets by state.

A slice's cluster bears its version as name. Each slice has an isolation route; the last route splits the traffic.
Before the first share is set that route answers for nobody, and says so in the version of the routes.
"""

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rollout.envoy import resources
from rollout.envoy.config import Cluster, Endpoint, Fixed, Forward, HealthCheck, Listener, Match, Rule
from rollout.envoy.resources import Resource
from rollout.envoy.routes import routes
from rollout.errors import ForeignError
from rollout.routers.interface import NOBODY
from rollout.shares import Shares, from_weights, weights

ENTRY = "service"  # the listener, and its routes
ROUTES, CLUSTERS, PAIR = f"rds-{ENTRY}.json", "cds.json", "sds.json"
HEADER = "x-slice"
FIRST = "first-"  # before the version of routes that no share was ever set in
CHECK = HealthCheck(interval=1, timeout=2, healthy=1, unhealthy=2, codes=((200, 299),))


@dataclass(frozen=True, kw_only=True)
class Group:
    """One slice as its router knows it; `header`: what X-Slice says to reach it alone; `health`: the path to check."""

    version: str
    targets: tuple[Endpoint, ...]
    health: str
    header: str


def cluster(of: Group) -> Resource:
    """The cluster of a slice. It never sends to a target that fails its check: another slice's share is no help."""
    terms = Cluster(of.version, replace(CHECK, path=of.health), policy="LEAST_REQUEST", fail_open=False)
    made = resources.static_cluster(terms, of.targets)
    content = hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()[:12]
    return {**made, "metadata": {"filter_metadata": {"sluice": {"digest": content}}}}


def digest(cluster: Mapping[str, Any] | None) -> str:
    """What tells a slice's cluster from another; Envoy shows the cluster itself in another spelling."""
    try:
        return cluster["metadata"]["filter_metadata"]["sluice"]["digest"] if cluster else ""
    except KeyError:
        return ""


def isolation(of: Group) -> Resource:
    """The route by which a slice alone is reached."""
    return _routes(Rule(Match(headers=((HEADER, (of.header,)),)), Forward({of.version: 1})))[0]


def split(shares: Shares) -> Resource:
    """The last route: all that asks for no slice, by *shares*."""
    return _routes(Rule(Match(), Forward(weights(shares)) if shares else Fixed(503, NOBODY)))[0]


def _routes(*rules: Rule) -> Sequence[Resource]:
    return routes(Listener(ENTRY, 80, rules))["virtual_hosts"][0]["routes"]


def tls(folder: str) -> Resource:
    """The transport socket of a listener that speaks TLS by the pair in *folder*."""
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": f"{resources.EXTENSIONS}.transport_sockets.tls.v3.DownstreamTlsContext",
            "common_tls_context": {
                "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
                "tls_certificate_sds_secret_configs": [{"name": ENTRY, "sds_config": resources.source(folder, PAIR)}],
                "alpn_protocols": ["http/1.1"],
            },
        },
    }


def pair(of: tuple[str, str] | None) -> tuple[str, str]:
    """The file of a certificate and its key in PEM, or of none; and the version by which Envoy says that it has it."""
    if of is None:
        return resources.document([])
    chain, key = ({"inline_string": text} for text in of)
    kind = f"{resources.EXTENSIONS}.transport_sockets.tls.v3.Secret"
    secret = {"@type": kind, "name": ENTRY, "tls_certificate": {"certificate_chain": chain, "private_key": key}}
    return resources.document([secret])


def held(page: Mapping[str, Any]) -> str:
    """The version of the pair in Envoy's page of secrets; "" where it has none."""
    found = [one.get("version_info", "") for one in page.get("configs", ()) if one.get("name") == ENTRY]
    return found[0] if found else ""


def route_file(every: Sequence[Resource], *, first: bool = False) -> tuple[Resource, str]:
    """The file of *every* route, and its version, by which Envoy says that it follows this very one.

    The version is in the routes too: of those that are what it has already, Envoy would not take a new version.
    """
    version = (FIRST if first else "") + secrets.token_hex(6)
    whole = {**routes(Listener(ENTRY, 80)), "metadata": {"filter_metadata": {"sluice": {"version": version}}}}
    whole["virtual_hosts"][0]["routes"] = list(every)
    return {"version_info": version, "resources": [whole]}, version


def seed() -> dict[str, str]:
    """The files of a router that knows no slice yet, by name."""
    nobody, _ = route_file([split({})], first=True)
    return {CLUSTERS: resources.document([])[0], ROUTES: json.dumps(nobody)}


@dataclass(frozen=True)
class Followed:
    """The routes that Envoy follows, and their version ("": none)."""

    version: str
    routes: Sequence[Resource]

    @property
    def shares(self) -> Shares | None:
        """The live shares; None before the first was set; ForeignError when the last route does not split."""
        if not self.routes or self.version.startswith(FIRST):
            return None
        last = self.routes[-1]
        if "direct_response" in last:
            return {}
        try:
            split = last["route"]["weighted_clusters"]["clusters"]
            return from_weights({one["name"]: one["weight"] for one in split})
        except KeyError:
            raise ForeignError(
                f"the router's last route does not split traffic: {last}; restore the file it came from"
            ) from None


def followed(dump: Mapping[str, Any]) -> Followed:
    """The service's routes in Envoy's page of dynamic route configurations."""
    for one in dump.get("configs", ()):
        config = one.get("route_config", {})
        if config.get("name") == ENTRY:
            return Followed(one.get("version_info", ""), config["virtual_hosts"][0].get("routes", []))
    return Followed("", ())


def isolated(route: Mapping[str, Any]) -> str | None:
    """The version whose isolation route this is; None of any other."""
    headers = route.get("match", {}).get("headers", ())
    if not any(header["name"] == HEADER for header in headers):
        return None
    return route["route"]["weighted_clusters"]["clusters"][0]["name"]


@dataclass(frozen=True)
class Targets:
    """A cluster's targets: how many there are, how many are healthy, and why the others are not."""

    count: int
    healthy: int
    others: Mapping[str, int]


def targets(page: Mapping[str, Any], version: str) -> Targets | None:
    """*version*'s targets in Envoy's page of clusters; None when it has no such cluster."""
    for one in page.get("cluster_statuses", ()):
        if one["name"] == version:
            states = Counter(_state(host["health_status"]) for host in one.get("host_statuses", ()))
            healthy = states.pop("", 0)
            return Targets(healthy + states.total(), healthy, dict(states))
    return None


def _state(status: Mapping[str, Any]) -> str:
    if status.get("failed_active_health_check"):
        return "not checked yet" if status.get("pending_active_hc") else "failing its check"
    return "" if status.get("eds_health_status") == "HEALTHY" else "unhealthy"
