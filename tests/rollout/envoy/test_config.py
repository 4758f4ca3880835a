"""The terms in which a load balancer is described to Envoy."""

import pytest

from rollout.envoy.config import Cluster, Fixed, Forward, Listener, Match, Redirect, Rule


@pytest.mark.parametrize("name", ["", "a/b", "a b", "arn:aws", "x" * 101, "v1\n"])
def test_a_name_that_cannot_be_part_of_a_file_name_is_refused(name):
    with pytest.raises(ValueError, match="cluster name"):
        Cluster(name)
    with pytest.raises(ValueError, match="listener name"):
        Listener(name, 80)


def test_a_redirect_answers_301_or_302():
    with pytest.raises(ValueError, match="not 307"):
        Redirect(status=307)


def test_a_redirect_cannot_change_the_query_alone():
    with pytest.raises(ValueError, match="has to set the path too"):
        Redirect(query="a=1")


def test_a_listener_knows_the_clusters_that_get_something():
    rules = (
        Rule(Match(headers=(("X-Slice", ("v3",)),)), Forward({"v3": 1})),
        Rule(Match(paths=("/x",)), Fixed(200)),
        Rule(Match(), Forward({"v1": 999, "v2": 0})),
    )
    assert Listener("web", 80, rules).clusters() == {"v1", "v3"}
