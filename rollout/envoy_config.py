"""Envoy resources (bootstrap, listeners, routes, clusters, endpoints) made from a load balancer's terms.

In: clusters, rules and weights as the frozen dataclasses below. Out: plain dicts, ready for `json.dumps`, in the shape of
Envoy's xDS v3 protos. Envoy reads them as files; it notices a file only when it is *renamed* into place, so each is
written beside and then renamed. A route must not name a cluster before Envoy holds it: write clusters first and routes
when Envoy shows them, and the other way round when one leaves.

Connection policy, and why no client sees an error while a target drains:

- A target that leaves the endpoints file is taken out at once, whatever its health (`ignore_health_on_host_removal`). Envoy
  then closes its idle connections to it and lets the requests under way finish; the target is stopped only after that.
- No retries. A load balancer that hid failures would make a rehearsal, or a count of failed requests, worthless; an ALB
  does not retry either.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Resource = dict[str, Any]

EXTENSIONS = "type.googleapis.com/envoy.extensions"
CONFIG = "type.googleapis.com/envoy.config"
COUNTER = "requests"  # name of the counter that every finished request moves, tagged with cluster, code and flags
UNLIMITED = 1_000_000
ANYTHING = re.compile(r"/?\*+")


@dataclass(frozen=True)
class HealthCheck:
    """An active HTTP check; seconds, counts, and the inclusive ranges of status codes that count as healthy."""

    path: str = "/"
    interval: int = 30
    timeout: int = 5
    healthy: int = 5
    unhealthy: int = 2
    codes: tuple[tuple[int, int], ...] = ((200, 200),)
    port: int | None = None  # None: the port that also gets the traffic


@dataclass(frozen=True)
class Cluster:
    """A group of targets. `policy` is Envoy's lb_policy; `idle`: seconds until an unused or silent connection is closed.

    `fail_open`: send to every target when none is healthy, as an ALB does; otherwise Envoy answers 503 itself. Never
    does Envoy "panic" earlier: one healthy target gets everything.
    """

    name: str
    check: HealthCheck | None = None
    policy: str = "ROUND_ROBIN"
    idle: int = 60
    fail_open: bool = True


@dataclass(frozen=True)
class Endpoint:
    """One target's address."""

    host: str
    port: int


@dataclass(frozen=True)
class Forward:
    """Split over clusters by weight; weights of 0 get nothing, and when all are 0 the answer is 503."""

    weights: Mapping[str, int]


@dataclass(frozen=True)
class Fixed:
    """Answer without asking a target."""

    status: int
    body: str = ""
    content_type: str = "text/plain"


@dataclass(frozen=True)
class Redirect:
    """Send the client elsewhere; None leaves that part of the address as it is."""

    status: int = 301
    scheme: str | None = None
    host: str | None = None
    port: int | None = None
    path: str | None = None
    query: str | None = None


Action = Forward | Fixed | Redirect


@dataclass(frozen=True)
class Match:
    """Every given condition must hold, with any of its values. Values know `*` and `?`; only paths know case."""

    paths: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    headers: tuple[tuple[str, tuple[str, ...]], ...] = ()
    queries: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class Rule:
    """The first rule that matches a request answers it."""

    match: Match
    action: Action


@dataclass(frozen=True)
class Listener:
    """One port, its rules in the order they are tried."""

    name: str
    port: int
    rules: Sequence[Rule] = field(default_factory=tuple)
    host: str = "127.0.0.1"
    idle: int = 60


def document(resources: Iterable[Resource]) -> tuple[str, str]:
    """What one xDS file holds, and its version: a hash of the content that Envoy reports back once it took it."""
    body = list(resources)
    version = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:12]
    return json.dumps({"version_info": version, "resources": body}), version


def bootstrap(folder: str, admin: int, node: str = "sluice-router") -> Resource:
    """Envoy's own file: the admin page on loopback, listeners and clusters from `lds.json` and `cds.json` in *folder*."""
    return {
        "node": {"id": node, "cluster": node},
        "admin": {"address": _address("127.0.0.1", admin)},
        "dynamic_resources": {
            "lds_config": source(folder, "lds.json"),
            "cds_config": source(folder, "cds.json"),
        },
        # One stats flush a second is the default; counters are read from the admin page, which needs none of it.
        "stats_flush_interval": "5s",
    }


def source(folder: str, file: str) -> Resource:
    """Where a resource comes from: *file*, watched in *folder*."""
    return {
        "resource_api_version": "V3",
        "path_config_source": {"path": f"{folder}/{file}", "watched_directory": {"path": folder}},
    }


def listener(of: Listener, folder: str) -> Resource:
    """The listener itself, which never changes with rules or weights: those come from `rds-<name>.json`."""
    manager = {
        "@type": f"{EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": of.name,
        "rds": {"route_config_name": of.name, "config_source": source(folder, f"rds-{of.name}.json")},
        "use_remote_address": True,
        "server_header_transformation": "PASS_THROUGH",
        "generate_request_id": False,
        "stream_idle_timeout": f"{of.idle}s",
        "common_http_protocol_options": {"idle_timeout": f"{of.idle}s"},
        "local_reply_config": {"mappers": _gateway_errors()},
        "access_log": [_counter()],
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{EXTENSIONS}.filters.http.router.v3.Router", "suppress_envoy_headers": True},
            }
        ],
    }
    return {
        "@type": f"{CONFIG}.listener.v3.Listener",
        "name": of.name,
        "address": _address(of.host, of.port),
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        ],
    }


def routes(of: Listener, known: frozenset[str] | None = None) -> Resource:
    """The rules of a listener. Clusters not in *known* (None: all are) are left out, since Envoy does not hold them yet."""
    return {
        "@type": f"{CONFIG}.route.v3.RouteConfiguration",
        "name": of.name,
        "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [_route(rule, known) for rule in of.rules]}],
    }


def cluster(of: Cluster, folder: str) -> Resource:
    """A group of targets whose addresses come from `eds-<name>.json`."""
    check = [_health_check(of.check)] if of.check else []
    return {
        "@type": f"{CONFIG}.cluster.v3.Cluster",
        "name": of.name,
        "type": "EDS",
        "eds_cluster_config": {"eds_config": source(folder, f"eds-{of.name}.json")},
        "connect_timeout": "10s",
        "lb_policy": of.policy,
        "health_checks": check,
        "ignore_health_on_host_removal": True,
        # A new cluster takes part as soon as its addresses are known; its targets still start as unhealthy.
        "wait_for_warm_on_init": False,
        # Below this percentage of healthy targets Envoy sends to all. 1 means "none of them", up to 100 targets.
        "common_lb_config": {"healthy_panic_threshold": {"value": 1 if of.fail_open else 0}},
        "circuit_breakers": {
            "thresholds": [{"max_connections": UNLIMITED, "max_pending_requests": UNLIMITED, "max_requests": UNLIMITED}]
        },
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": f"{EXTENSIONS}.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http_protocol_options": {}},
                "common_http_protocol_options": {"idle_timeout": f"{of.idle}s"},
            }
        },
    }


def endpoints(of: Cluster, at: Iterable[Endpoint]) -> Resource:
    """The addresses of a cluster's targets, in a stable order."""
    port = of.check.port if of.check else None
    check = {"health_check_config": {"port_value": port}} if port else {}
    hosts = sorted(at, key=lambda one: (one.host, one.port))
    return {
        "@type": f"{CONFIG}.endpoint.v3.ClusterLoadAssignment",
        "cluster_name": of.name,
        "endpoints": [
            {"lb_endpoints": [{"endpoint": {"address": _address(one.host, one.port), **check}} for one in hosts]}
        ],
    }


def _address(host: str, port: int) -> Resource:
    return {"socket_address": {"address": host, "port_value": port}}


def _health_check(check: HealthCheck) -> Resource:
    every = f"{check.interval}s"
    return {
        "interval": every,
        # Envoy checks a cluster that has had no traffic yet far less often; a load balancer does not.
        "no_traffic_interval": every,
        "timeout": f"{check.timeout}s",
        "healthy_threshold": check.healthy,
        "unhealthy_threshold": check.unhealthy,
        "always_log_health_check_failures": True,
        "http_health_check": {
            "path": check.path,
            "expected_statuses": [{"start": first, "end": last + 1} for first, last in check.codes],
        },
    }


def _counter() -> Resource:
    """Counts what a client got: by cluster, status, and Envoy's flags (`-` when the target itself answered)."""
    tags = {"cluster": "%UPSTREAM_CLUSTER_RAW%", "code": "%RESPONSE_CODE%", "flags": "%RESPONSE_FLAGS%"}
    return {
        "name": "envoy.access_loggers.stats",
        "typed_config": {
            "@type": f"{EXTENSIONS}.access_loggers.stats.v3.Config",
            "stat_prefix": "sluice",
            "counters": [
                {
                    "stat": {
                        "name": COUNTER,
                        "tags": [{"name": name, "value_format": value} for name, value in tags.items()],
                    },
                    "value_fixed": 1,
                }
            ],
        },
    }


def _gateway_errors() -> list[Resource]:
    """Envoy says 503 for what an ALB calls 502 (the target broke off or refused) or 504 (it did not answer in time)."""
    broken = {"response_flag_filter": {"flags": ["UF", "UC", "UR", "UPE"]}}
    late = {"response_flag_filter": {"flags": ["UT", "SI"]}}
    return [{"filter": broken, "status_code": 502}, {"filter": late, "status_code": 504}]


def _route(rule: Rule, known: frozenset[str] | None) -> Resource:
    return {"match": _match(rule.match), **_action(rule.action, known)}


def _match(match: Match) -> Resource:
    headers = [_header(name, values) for name, values in match.headers]
    if match.hosts:
        headers.append(_header(":authority", match.hosts, after=r"(?::\d+)?"))
    if match.methods:
        headers.append(_header(":method", match.methods))
    queries = [{"name": name, "string_match": {"safe_regex": _regex(values)}} for name, values in match.queries]
    every = not match.paths or any(ANYTHING.fullmatch(path) for path in match.paths)
    path: Resource = {"prefix": "/"} if every else {"safe_regex": _regex(match.paths, case=True)}
    return path | ({"headers": headers} if headers else {}) | ({"query_parameters": queries} if queries else {})


def _header(name: str, values: Iterable[str], after: str = "") -> Resource:
    return {"name": name.lower(), "string_match": {"safe_regex": _regex(values, after)}}


def _regex(values: Iterable[str], after: str = "", case: bool = False) -> Resource:
    """A whole-string RE2 of wildcard patterns."""
    pattern = "|".join(_wildcard(value) for value in values)
    return {"regex": f"{'' if case else '(?i)'}(?:{pattern}){after}"}


def _wildcard(pattern: str) -> str:
    return "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern)


def _action(action: Action, known: frozenset[str] | None) -> Resource:
    match action:
        case Forward(weights):
            return _forward({name: w for name, w in weights.items() if w > 0 and (known is None or name in known)})
        case Fixed(status, body, content_type):
            return _answer(status, body, content_type)
        case Redirect():
            return {"redirect": _redirect(action)}


def _forward(weights: Mapping[str, int]) -> Resource:
    if not weights:
        return _answer(503)
    split = [{"name": name, "weight": weight} for name, weight in sorted(weights.items())]
    # timeout 0: none. What is silent for the listener's idle time ends; a long answer does not.
    return {"route": {"timeout": "0s", "weighted_clusters": {"clusters": split}}}


def _answer(status: int, body: str = "", content_type: str = "text/plain") -> Resource:
    answer: Resource = {"direct_response": {"status": status, **({"body": {"inline_string": body}} if body else {})}}
    if body:
        header = {"header": {"key": "content-type", "value": content_type}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
        answer["response_headers_to_add"] = [header]
    return answer


def _redirect(to: Redirect) -> Resource:
    codes = {301: "MOVED_PERMANENTLY", 302: "FOUND"}
    path = to.path if to.query is None or to.path is None else f"{to.path}?{to.query}"
    parts = {
        "response_code": codes[to.status],
        "scheme_redirect": to.scheme,
        "host_redirect": to.host,
        "port_redirect": to.port,
        "path_redirect": path,
    }
    return {name: value for name, value in parts.items() if value is not None}
