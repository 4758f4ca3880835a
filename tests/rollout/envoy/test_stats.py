"""What Envoy is told to count. That it does so: tests/rehearsal/cloud/test_balancer.py."""

import pytest

from rollout.envoy.stats import EDGES, bootstrap, logger


def buckets() -> dict[str, list[int]]:
    settings = bootstrap()["stats_config"]["histogram_bucket_settings"]
    return {next(iter(one["match"].values())): one["buckets"] for one in settings}


@pytest.mark.parametrize("edge", EDGES)
def test_every_edge_has_two_digits_so_that_envoy_can_tell_it(edge):
    assert edge == float(f"{edge:.1e}")


def test_edges_rise():
    assert list(EDGES) == sorted(set(EDGES))


def test_our_own_buckets_end_right_before_an_edge():
    assert buckets()["sluice.times"] == [1000 * edge - 1 for edge in EDGES]


def test_clusters_have_the_same_edges_in_milliseconds():
    assert buckets()["upstream_rq_time"] == list(EDGES)


def test_times_are_kept_by_cluster_and_not_by_code_whose_number_would_multiply():
    histogram = logger("web")["typed_config"]["histograms"][0]
    assert [tag["name"] for tag in histogram["stat"]["tags"]] == ["listener", "cluster"]


@pytest.mark.parametrize(("seconds", "said"), [(1.0, "1s"), (0.1, "0.1s")])
def test_the_flush_is_in_seconds(seconds, said):
    assert bootstrap(seconds)["stats_flush_interval"] == said
