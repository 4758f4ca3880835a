"""Envoy's counters for a Prometheus, which nobody else on the admin page is let near. Pure.

In: where Envoy listens for it, and its admin page. Out: a listener with one route, and the cluster behind it.
"""

from rollout.envoy.config import Cluster, Endpoint, Listener
from rollout.envoy.resources import Resource, listener, static_cluster

PATH = "/stats/prometheus"
NAME = "scrape"
BEHIND = "_admin"  # no version begins with an underscore


def scraped(port: int, folder: str) -> Resource:
    """A listener on *port* that answers `GET /stats/prometheus` alone; anything else gets 404."""
    made = listener(Listener(NAME, port, host="0.0.0.0"), folder)
    manager = made["filter_chains"][0]["filters"][0]["typed_config"]
    del manager["rds"], manager["access_log"], manager["upgrade_configs"]
    get = {"name": ":method", "string_match": {"exact": "GET"}}
    route = {"match": {"path": PATH, "headers": [get]}, "route": {"cluster": BEHIND}}
    hosts = [{"name": NAME, "domains": ["*"], "routes": [route]}]
    manager["route_config"] = {"name": NAME, "virtual_hosts": hosts}
    return made


def behind(admin: int) -> Resource:
    """The cluster of the admin page at *admin* on Envoy's own loopback."""
    made = static_cluster(Cluster(BEHIND, fail_open=False), [Endpoint("127.0.0.1", admin)])
    return {key: value for key, value in made.items() if key != "@type"}  # a bootstrap knows what stands there
