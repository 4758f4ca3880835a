"""The rules of a listener as Envoy's route configuration. That Envoy takes them: tests/rehearsal/cloud."""

import re
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.envoy.config import Fixed, Forward, Listener, Match, Redirect, Rule
from rollout.envoy.routes import pattern, routes

TEXT = st.text(alphabet="ab*?.+|()[]\\^$-/ é", max_size=8)


def only(match=None, action=None):
    """The single route made of one rule."""
    rule = Rule(match or Match(), action or Fixed(204))
    return routes(Listener("web", 80, (rule,)))["virtual_hosts"][0]["routes"][0]


def fits(wildcards, text):
    """Whether *text* fits *wildcards*, told without a regular expression."""

    @cache
    def from_here(i, j):
        if i == len(wildcards):
            return j == len(text)
        if wildcards[i] == "*":
            return from_here(i + 1, j) or (j < len(text) and from_here(i, j + 1))
        return j < len(text) and wildcards[i] in ("?", text[j]) and from_here(i + 1, j + 1)

    return from_here(0, 0)


@given(st.lists(TEXT, min_size=1, max_size=3), TEXT)
def test_a_pattern_matches_what_one_of_its_values_fits(values, text):
    assert (re.fullmatch(pattern(values), text) is not None) == any(fits(value, text) for value in values)


@given(TEXT)
def test_a_value_without_wildcards_matches_itself_alone(text):
    plain = text.replace("*", "").replace("?", "")
    assert re.fullmatch(pattern([plain]), plain)
    assert not re.fullmatch(pattern([plain]), plain + "a")


@given(st.dictionaries(st.sampled_from(["v1", "v2", "v3", "v4", "v5"]), st.integers(0, 999)))
def test_weights_arrive_as_given_without_the_zeros(weights):
    route = only(action=Forward(weights))
    some = {name: weight for name, weight in weights.items() if weight}
    if some:
        split = route["route"]["weighted_clusters"]["clusters"]
        assert {one["name"]: one["weight"] for one in split} == some
    else:
        assert route["direct_response"] == {"status": 503}


def test_the_order_of_weights_makes_no_difference():
    assert only(action=Forward({"a": 1, "b": 2})) == only(action=Forward({"b": 2, "a": 1}))


@pytest.mark.parametrize("paths", [(), ("/*",), ("*",), ("/x", "/*")])
def test_a_rule_for_every_path_has_no_pattern(paths):
    assert only(Match(paths=paths))["match"] == {"prefix": "/"}


def test_rules_keep_their_order():
    listener = Listener("web", 80, [Rule(Match(), Fixed(status)) for status in (201, 202, 203)])
    made = routes(listener)["virtual_hosts"][0]["routes"]
    assert [route["direct_response"]["status"] for route in made] == [201, 202, 203]


def test_a_redirect_leaves_what_is_not_given():
    redirect = only(action=Redirect(302, scheme="https", port=443))["redirect"]
    assert redirect == {"response_code": "FOUND", "scheme_redirect": "https", "port_redirect": 443}


def test_a_redirect_can_set_path_and_query():
    assert only(action=Redirect(path="/new", query="a=1"))["redirect"]["path_redirect"] == "/new?a=1"
