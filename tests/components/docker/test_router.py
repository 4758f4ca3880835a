"""The router's container: in no release's diff, and its files."""

import json

from pulumi import ResourceHook, ResourceOptions

from components.config_docker import Docker
from components.docker.host import Host
from components.docker.router import Router, RouterArgs, files
from tests.authority import Authority
from tests.recording import RecordingCloud, Registered


def made(cloud: RecordingCloud, **docker) -> Registered:
    def program() -> None:
        args = RouterArgs(
            settings=Docker(**docker),
            host=Host("unix:///nowhere"),
            network="shop-slices",
            clear=ResourceHook("clear", lambda _: None),
        )
        Router("shop", args, ResourceOptions())

    cloud.deploy(program)
    return cloud.one("Container")


def test_clients_reach_it_on_one_interface_alone(cloud):
    one = made(cloud, interface="127.0.0.9", port=8443).inputs
    assert one["ports"] == [{"internal": 10_000, "external": 8443, "ip": "127.0.0.9", "protocol": "tcp"}]
    assert {"label": "sluice.entry", "value": "127.0.0.9:8443"} in one["labels"]


def test_it_outlives_releases_and_is_replaced_only_by_its_own_settings(cloud):
    one = made(cloud)
    assert not one.request.protect  # what is protected cannot be replaced, and then no setting could change
    assert list(one.request.ignoreChanges) == ["ports"]  # lost while it is stopped, and would replace it then
    assert one.request.deleteBeforeReplace
    assert list(one.request.hooks.before_create) == ["clear", "seed"]
    assert list(one.request.hooks.before_update) == ["rejoin"]
    volume = cloud.one("Volume")
    assert (volume.inputs["name"], volume.request.protect) == ("shop-routes", True)


def test_its_image_is_what_the_config_says_so_that_a_moved_tag_replaces_nothing(cloud):
    assert made(cloud, router="sluice/router:latest").inputs["image"] == "sluice/router:latest"


def test_it_may_do_nothing_but_route(cloud):
    one = made(cloud).inputs
    assert (one["user"], one["readOnly"], one["capabilities"]) == ("101:101", True, {"drops": ["ALL"]})
    assert one["restart"] == "unless-stopped"
    assert one["networksAdvanced"] == [{"name": "shop-slices", "ipv4Address": "10.205.0.2"}]


def test_its_admin_page_is_on_its_own_loopback():
    bootstrap = json.loads(files(Docker())["bootstrap.json"])
    assert bootstrap["admin"]["address"]["socket_address"] == {"address": "127.0.0.1", "port_value": 9901}


def test_with_a_certificate_it_speaks_tls(cloud, tmp_path):
    pair = Authority(tmp_path).issue("shop")
    given = files(Docker(**pair))
    (listener,) = json.loads(given["lds.json"])["resources"]
    context = listener["filter_chains"][0]["transport_socket"]["typed_config"]["common_tls_context"]
    (secret,) = context["tls_certificate_sds_secret_configs"]
    assert secret["sds_config"]["path_config_source"] == {"path": "/etc/envoy/sds.json"}
    (held,) = json.loads(given["sds.json"])["resources"]
    assert held["name"] == secret["name"]
    assert "transport_socket" not in files(Docker())["lds.json"]
    assert json.loads(files(Docker())["sds.json"])["resources"] == []
    assert {"label": "sluice.entry", "value": "127.0.0.1:80 tls"} in made(cloud, **pair).inputs["labels"]


def test_a_prometheus_is_shown_the_counters_and_nothing_else_of_the_admin_page(cloud):
    given = files(Docker(metrics=9902))
    (behind,) = json.loads(given["bootstrap.json"])["static_resources"]["clusters"]
    _, listener = json.loads(given["lds.json"])["resources"]
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    (route,) = manager["route_config"]["virtual_hosts"][0]["routes"]
    assert (route["match"]["path"], route["route"]) == ("/stats/prometheus", {"cluster": behind["name"]})
    (at,) = behind["load_assignment"]["endpoints"][0]["lb_endpoints"]
    assert at["endpoint"]["address"]["socket_address"] == {"address": "127.0.0.1", "port_value": 9901}
    one = made(cloud, interface="127.0.0.9", metrics=9902).inputs
    assert one["ports"][1] == {"internal": 10_001, "external": 9902, "ip": "127.0.0.9", "protocol": "tcp"}
    assert {"label": "sluice.metrics", "value": "9902"} in one["labels"]


def test_nobody_is_shown_anything_where_it_was_not_asked_for():
    assert "static_resources" not in json.loads(files(Docker())["bootstrap.json"])
    assert len(json.loads(files(Docker())["lds.json"])["resources"]) == 1
