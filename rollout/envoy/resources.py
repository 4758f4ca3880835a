"""Envoy resources (bootstrap, listeners, clusters, endpoints) made from a load balancer's terms.

In: the dataclasses of `config`. Out: plain dicts, ready for `json.dumps`, in the shape of Envoy's xDS v3 protos.
Envoy reads them as files; it notices a file only when it is *renamed* into place, so each is written beside and then
renamed. Whether it took one is seen in its `version_text` counters, never in the file.

Connection policy, and why no client sees an error while a target drains:

- A target that leaves the endpoints file is taken out at once, whatever its health (`ignore_health_on_host_removal`).
  Envoy then closes its idle connections to it and lets the requests under way finish; the target is stopped only after.
- No retries. A load balancer that hid failures would make a rehearsal, or a count of failed requests, worthless; an ALB
  does not retry either.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from rollout.envoy import stats
from rollout.envoy.config import Cluster, Endpoint, HealthCheck, Listener

Resource = dict[str, Any]

EXTENSIONS = "type.googleapis.com/envoy.extensions"
CONFIG = "type.googleapis.com/envoy.config"
HEALTH_LOG = "health.log"  # a line of JSON for every failed check
UNLIMITED = 1_000_000


def document(resources: Iterable[Resource]) -> tuple[str, str]:
    """What one xDS file holds, and its version: a hash of the content that Envoy reports back once it took it."""
    body = list(resources)
    version = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:12]
    return json.dumps({"version_info": version, "resources": body}), version


def bootstrap(folder: str, admin: int, node: str = "sluice-router", flush: float = stats.FLUSH) -> Resource:
    """Envoy's own file: the admin page on loopback (port 0: any free one), the rest from files in *folder*.

    *flush*: seconds for which times may be late.
    """
    return {
        "node": {"id": node, "cluster": node},
        "admin": {"address": _address("127.0.0.1", admin)},
        "dynamic_resources": {
            "lds_config": source(folder, "lds.json"),
            "cds_config": source(folder, "cds.json"),
        },
        **stats.bootstrap(flush),
    }


def source(folder: str, file: str) -> Resource:
    """Where a resource comes from: *file* in *folder*, read again whenever a file is renamed to it."""
    return {"resource_api_version": "V3", "path_config_source": {"path": f"{folder}/{file}"}}


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
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "local_reply_config": {"mappers": [_bad_gateway()]},
        "access_log": [stats.logger(of.name)],
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {
                    "@type": f"{EXTENSIONS}.filters.http.router.v3.Router",
                    "suppress_envoy_headers": True,
                },
            }
        ],
    }
    return {
        "@type": f"{CONFIG}.listener.v3.Listener",
        "name": of.name,
        "address": _address(of.host, of.port),
        # With it a second process could listen on the same port and take a part of the connections, and no error said.
        "enable_reuse_port": False,
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        ],
    }


def cluster(of: Cluster, folder: str) -> Resource:
    """A group of targets whose addresses come from `eds-<name>.json`; failed checks are logged to HEALTH_LOG."""
    discovery = {"type": "EDS", "eds_cluster_config": {"eds_config": source(folder, f"eds-{of.name}.json")}}
    checks = [_health_check(of.check) | _logged(f"{folder}/{HEALTH_LOG}")] if of.check else []
    return _cluster(of, discovery, checks)


def static_cluster(of: Cluster, at: Iterable[Endpoint]) -> Resource:
    """A group of targets that are always these."""
    load = {key: value for key, value in endpoints(of, at).items() if key != "@type"}
    return _cluster(of, {"type": "STATIC", "load_assignment": load}, [_health_check(of.check)] if of.check else [])


def _cluster(of: Cluster, discovery: Resource, checks: list[Resource]) -> Resource:
    return {
        "@type": f"{CONFIG}.cluster.v3.Cluster",
        "name": of.name,
        **discovery,
        "connect_timeout": "10s",
        "lb_policy": of.policy,
        "health_checks": checks,
        "ignore_health_on_host_removal": True,
        "common_lb_config": {
            # Below this percentage of healthy targets Envoy sends to all. 1 means "none of them", up to 100 targets.
            "healthy_panic_threshold": {"value": 1 if of.fail_open else 0},
            # Also what makes Envoy tell a target that was not checked yet from one that failed.
            "ignore_new_hosts_until_first_hc": True,
            # Else what the admin page already calls healthy gets its first request up to a second later.
            "update_merge_window": "0s",
        },
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


def _logged(file: str) -> Resource:
    sink = f"{EXTENSIONS}.health_check.event_sinks.file.v3.HealthCheckEventFileSink"
    return {
        "event_logger": [
            {"name": "envoy.health_check.event_sinks.file", "typed_config": {"@type": sink, "event_log_path": file}}
        ],
        "always_log_health_check_failures": True,
    }


def _health_check(check: HealthCheck) -> Resource:
    every = f"{check.interval}s"
    return {
        "interval": every,
        # Envoy checks a cluster that has had no traffic yet far less often; a load balancer does not.
        "no_traffic_interval": every,
        "timeout": f"{check.timeout}s",
        "healthy_threshold": check.healthy,
        "unhealthy_threshold": check.unhealthy,
        "http_health_check": {
            "path": check.path,
            "expected_statuses": [{"start": first, "end": last + 1} for first, last in check.codes],
            # Any other status would make a target unhealthy at once, whatever the threshold.
            "retriable_statuses": [{"start": 100, "end": 600}],
        },
    }


def _bad_gateway() -> Resource:
    """Envoy says 503 where the target refused, broke off or did not speak HTTP; an ALB says 502."""
    return {"filter": {"response_flag_filter": {"flags": ["UF", "UC", "UR", "UPE"]}}, "status_code": 502}
