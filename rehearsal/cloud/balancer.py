"""The balancer of the rehearsal cloud: Envoy, told by files which targets there are and who gets what.

In: listeners, clusters and endpoints in the terms of `rollout.envoy.config`. Out: requests balanced; each target's
health as Envoy's own checks see it, and how requests ended. A step of a change waits until Envoy holds the one before,
so that a route never names a cluster or a target that is not there.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from rehearsal.cloud import tallies
from rehearsal.cloud.health import HealthLog
from rehearsal.cloud.proxy import BalancerError, Proxy
from rehearsal.cloud.routing import Ill
from rehearsal.cloud.tallies import Count, Time
from rehearsal.cloud.xds import UNHEALTHY, Files
from rollout.envoy.config import Cluster, Endpoint, Listener
from rollout.envoy.resources import HEALTH_LOG, bootstrap
from rollout.envoy.stats import COUNTER, PREFIX, TIMES

__all__ = ["Balancer", "BalancerError", "Count", "TargetState", "Time"]

FLUSH = 0.1  # seconds that times may be late
FALSIFIED = "Target.ResponseCodeMismatch"  # the reason of a target that is ill for a fault


@dataclass(frozen=True)
class TargetState:
    """What Envoy's checks say of one target."""

    checked: bool  # it has had a first result, or timed out
    healthy: bool
    reason: str  # "" when healthy; Target.FailedHealthChecks | Target.ResponseCodeMismatch | Target.Timeout
    active: int  # requests under way


class Balancer:
    """One Envoy and its files in *folder*. `apply` is for one thread; what reads may be called from any."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._proxy = Proxy(self._folder)
        self._files = Files(self._folder, self._proxy)
        self._health = HealthLog(self._folder / HEALTH_LOG)
        self._clusters: dict[str, Cluster] = {}
        self._endpoints: dict[str, frozenset[Endpoint]] = {}
        self._ill: Ill = frozenset()

    @property
    def pid(self) -> int:
        """Envoy's process id."""
        return self._proxy.pid

    @property
    def admin(self) -> int:
        """The port of Envoy's admin page."""
        return self._proxy.admin

    def start(self) -> None:
        """Start Envoy, with nothing to do yet.

        To be called from the main thread: Envoy is killed when the thread that started it ends, however it ends.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / HEALTH_LOG).write_text("")
        (self._folder / "bootstrap.json").write_text(json.dumps(bootstrap(str(self._folder), 0, flush=FLUSH)))
        self._files.clusters([])
        self._files.listeners([])
        self._proxy.start()
        self._files.settle()

    def stop(self) -> None:
        """End Envoy; requests under way are cut."""
        self._proxy.stop()

    def apply(
        self,
        listeners: Sequence[Listener],
        clusters: Sequence[tuple[Cluster, Sequence[Endpoint]]],
        ill: Ill = frozenset(),
    ) -> None:
        """Make these the listeners, and the clusters with their endpoints; return once Envoy holds them.

        What comes is there before a route can choose it, and what goes leaves after the last route to it. Targets that
        are *ill* count as such whatever their checks say.
        """
        self._ill = ill
        wanted = {cluster.name: cluster for cluster, _ in clusters}
        endpoints = {cluster.name: frozenset(at) for cluster, at in clusters}
        _check(listeners, wanted)
        self._come(wanted, endpoints)
        for listener in listeners:
            self._files.routes(listener)
        self._files.listeners(listeners)
        self._files.settle()
        self._leave(wanted, endpoints)

    def _come(self, wanted: Mapping[str, Cluster], endpoints: Mapping[str, frozenset[Endpoint]]) -> None:
        # A new cluster starts without endpoints: Envoy holds back one that has some until each was checked once.
        for name in wanted.keys() - self._clusters.keys():
            self._files.endpoints(wanted[name], [])
        both = {**self._clusters, **wanted}
        self._files.clusters(both.values())
        self._files.settle()
        self._clusters = both
        for name, cluster in wanted.items():
            self._endpoints[name] = endpoints[name] | self._endpoints.get(name, frozenset())
            self._files.endpoints(cluster, self._endpoints[name], self._ill)
        self._files.settle()

    def _leave(self, wanted: Mapping[str, Cluster], endpoints: Mapping[str, frozenset[Endpoint]]) -> None:
        for name, cluster in wanted.items():
            self._files.endpoints(cluster, endpoints[name], self._ill)
        self._files.clusters(wanted.values())
        self._files.settle()
        self._clusters, self._endpoints = dict(wanted), dict(endpoints)

    def targets(self) -> dict[str, dict[Endpoint, TargetState]]:
        """The state of each target of each cluster."""
        reasons = self._health.reasons()
        answer = json.loads(self._proxy.ask("/clusters?format=json"))
        return {
            status["name"]: {
                endpoint: _state(host, reasons.get((status["name"], endpoint), ""))
                for host in status.get("host_statuses", [])
                for endpoint in [_endpoint(host)]
            }
            for status in answer.get("cluster_statuses", [])
        }

    def connections(self, endpoint: Endpoint) -> int:
        """Open connections to *endpoint*. Once it has left every cluster these are its requests under way."""
        address = (endpoint.host, endpoint.port)
        return sum(one.raddr == address for one in psutil.Process(self.pid).net_connections("tcp"))

    def counts(self) -> list[Count]:
        """How the requests that have ended did so, over all listeners."""
        return tallies.counts(self._proxy.ask(f"/stats/prometheus?filter=^{PREFIX}\\.{COUNTER}"))

    def times(self) -> list[Time]:
        """How long targets took to begin their answers."""
        return tallies.times(self._proxy.ask(f"/stats/prometheus?filter=^{PREFIX}\\.{TIMES}"))


def _check(listeners: Sequence[Listener], clusters: Mapping[str, Cluster]) -> None:
    for listener in listeners:
        if unknown := listener.clusters() - clusters.keys():
            raise BalancerError(
                f"listener {listener.name} sends to {', '.join(sorted(unknown))}: no such cluster given"
            )


def _endpoint(host: dict) -> Endpoint:
    address = host["address"]["socket_address"]
    return Endpoint(address["address"], address["port_value"])


def _state(host: dict, reason: str) -> TargetState:
    health = host.get("health_status", {})
    if health.get("eds_health_status") == UNHEALTHY:
        return TargetState(True, False, FALSIFIED, _active(host))
    healthy = not health.get("failed_active_health_check", False)
    # An ill target counts as checked only when the log says why, which it does a moment later.
    checked = healthy or (bool(reason) and not health.get("pending_active_hc", False))
    return TargetState(checked, healthy, reason if checked and not healthy else "", _active(host))


def _active(host: dict) -> int:
    return next((int(stat.get("value", 0)) for stat in host["stats"] if stat["name"] == "rq_active"), 0)
