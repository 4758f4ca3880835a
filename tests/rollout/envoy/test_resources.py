"""Envoy's resources as data. That Envoy takes them and does what they say: tests/rehearsal/cloud."""

import json

from hypothesis import given
from hypothesis import strategies as st

from rollout.envoy.config import Cluster, Endpoint, HealthCheck
from rollout.envoy.resources import cluster, document, endpoints

ADDRESSES = st.builds(Endpoint, st.sampled_from(["127.0.0.1", "10.0.0.2"]), st.integers(1, 65535))
VALUES = st.recursive(st.integers() | st.text(), lambda inner: st.dictionaries(st.text(), inner), max_leaves=5)


@given(st.lists(st.dictionaries(st.text(), VALUES), max_size=3))
def test_a_document_carries_its_version_and_what_it_was_given(resources):
    text, version = document(resources)
    assert json.loads(text) == {"version_info": version, "resources": resources}


@given(st.dictionaries(st.text(), st.integers(), min_size=2))
def test_the_version_depends_on_the_content_not_on_its_order(resource):
    turned = dict(reversed(resource.items()))
    assert document([resource])[1] == document([turned])[1]
    assert document([resource])[1] != document([resource, resource])[1]


@given(st.sets(ADDRESSES))
def test_endpoints_are_all_there_in_one_order(at):
    made = endpoints(Cluster("a"), at)["endpoints"][0]["lb_endpoints"]
    addresses = [one["endpoint"]["address"]["socket_address"] for one in made]
    expected = sorted(at, key=lambda one: (one.host, one.port))
    assert [Endpoint(one["address"], one["port_value"]) for one in addresses] == expected


def test_a_check_on_another_port_goes_there():
    made = endpoints(Cluster("a", HealthCheck(port=9000)), [Endpoint("127.0.0.1", 80)])
    assert made["endpoints"][0]["lb_endpoints"][0]["endpoint"]["health_check_config"] == {"port_value": 9000}


def test_codes_are_inclusive_ranges_where_envoys_end_before_their_end():
    check = cluster(Cluster("a", HealthCheck(codes=((200, 299), (404, 404)))), "/x")["health_checks"][0]
    expected = [{"start": 200, "end": 300}, {"start": 404, "end": 405}]
    assert check["http_health_check"]["expected_statuses"] == expected


def test_a_cluster_without_a_check_has_none():
    assert cluster(Cluster("a"), "/x")["health_checks"] == []
