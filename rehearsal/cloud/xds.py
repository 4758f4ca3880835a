"""The files that Envoy follows: written by rename where they change, and awaited until Envoy says that it holds them.

In: Envoy's resources. Out: `cds.json` (clusters), `eds-<cluster>.json` (endpoints), `lds.json` (listeners) and
`rds-<listener>.json` (routes). Envoy names the version it holds of each in a counter; a file it refuses changes none.

Each file costs Envoy an inotify instance, of which Linux gives a user 128 (fs.inotify.max_user_instances, shared with
editors and the like): dozens of target groups are fine, a hundred are not, and Envoy aborts when there is none left.
"""

import json
import time
from collections.abc import Iterable
from pathlib import Path

from rehearsal.cloud.proxy import POLL, BalancerError, Proxy
from rehearsal.cloud.routing import Ill
from rollout.envoy import resources as envoy
from rollout.envoy.config import Cluster, Endpoint, Listener
from rollout.envoy.routes import routes

HOLD = 10.0  # seconds until Envoy has to hold what was written
SUFFIX = ".version_text"
UNHEALTHY = "UNHEALTHY"  # Envoy's word for an endpoint that its own checks may call healthy all the same


class Files:
    """The files in *folder* for the Envoy *proxy*."""

    def __init__(self, folder: Path, proxy: Proxy) -> None:
        self._folder = folder
        self._proxy = proxy
        self._held: dict[str, str] = {}  # versions that Envoy holds, by its counter's name
        self._written: dict[str, str] = {}  # the same of those that it has yet to take
        self._heard = 0  # how much of Envoy's log was there before they were written

    def clusters(self, clusters: Iterable[Cluster]) -> None:
        """Write which clusters there are."""
        each = sorted(clusters, key=lambda cluster: cluster.name)
        self._write("cds.json", "cluster_manager.cds", [envoy.cluster(one, str(self._folder)) for one in each])

    def endpoints(self, cluster: Cluster, at: Iterable[Endpoint], ill: Ill = frozenset()) -> None:
        """Write the endpoints of one cluster; those that are *ill* get nothing while there are others."""
        resource = envoy.endpoints(cluster, at)
        for host in resource["endpoints"][0]["lb_endpoints"]:
            address = host["endpoint"]["address"]["socket_address"]
            if (cluster.name, Endpoint(address["address"], address["port_value"])) in ill:
                host["health_status"] = UNHEALTHY
        self._write(f"eds-{cluster.name}.json", f"cluster.{cluster.name}", [resource])

    def listeners(self, listeners: Iterable[Listener]) -> None:
        """Write which listeners there are."""
        each = sorted(listeners, key=lambda listener: listener.name)
        self._write("lds.json", "listener_manager.lds", [envoy.listener(one, str(self._folder)) for one in each])

    def routes(self, listener: Listener) -> None:
        """Write the rules of one listener."""
        counter = f"http.{listener.name}.rds.{listener.name}"
        self._write(f"rds-{listener.name}.json", counter, [routes(listener)])

    def _write(self, file: str, counter: str, resources: list[envoy.Resource]) -> None:
        text, version = envoy.document(resources)
        if self._written.get(counter, self._held.get(counter)) == version:
            return
        beside = self._folder / f"{file}.new"
        beside.write_text(text)
        beside.rename(self._folder / file)
        self._written[counter] = version

    def settle(self) -> None:
        """Return once Envoy holds all that was written; BalancerError when it did not in time."""
        until = time.monotonic() + HOLD
        while self._written and (late := self._written.items() - self._versions().items()):
            if time.monotonic() > until:
                for counter in self._written:
                    self._held.pop(counter, None)
                self._written.clear()
                said = self._proxy.said(self._heard) or "it says nothing"
                raise BalancerError(f"Envoy did not take {', '.join(sorted(name for name, _ in late))}: {said}")
            time.sleep(POLL)
        self._held |= self._written
        self._written.clear()
        self._heard = self._proxy.heard()

    def _versions(self) -> dict[str, str]:
        stats = json.loads(self._proxy.ask("/stats?format=json&filter=version_text$"))["stats"]
        return {stat["name"].removesuffix(SUFFIX): stat["value"] for stat in stats if stat["name"].endswith(SUFFIX)}
