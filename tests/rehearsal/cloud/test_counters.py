"""Envoy's counters as CloudWatch's points."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from rehearsal.cloud.balancer import Count
from rehearsal.cloud.counters import Dimensions, points

SHOP = "app/shop/0123456789abcdef"
GROUPS = {name: Dimensions(f"targetgroup/{name}/0123456789abcdef", SHOP) for name in ("v1", "v2")}
BALANCER = {"web": SHOP}

COUNTS = st.dictionaries(
    st.tuples(
        st.just("web"),
        st.sampled_from(["", "v1", "v2", "stranger"]),
        st.sampled_from([0, 200, 302, 404, 500, 502, 503, 504]),
        st.sampled_from(["-", "UF", "UC", "UH", "SI", "DC"]),
    ),
    st.integers(1, 1000),
).map(lambda totals: [Count(*key, total) for key, total in totals.items()])


def shown(now, before=()):
    """Points as a dict: {(metric, target group's name or ""): value}."""
    made = points(list(before), list(now), GROUPS, BALANCER)
    found = {}
    for point in made:
        dimensions = {one["Name"]: one["Value"] for one in point["Dimensions"]}
        assert dimensions["LoadBalancer"] == SHOP
        assert point["Unit"] == "Count"
        name = dimensions.get("TargetGroup", "//").split("/")[1]
        found[point["MetricName"], name] = point["Value"]
    assert len(found) == len(made)
    return found


def test_what_targets_answered_counts_for_the_group_and_for_the_load_balancer():
    assert shown(
        [Count("web", "v1", 200, "-", 7), Count("web", "v2", 200, "-", 2), Count("web", "v2", 500, "-", 1)]
    ) == {
        ("RequestCount", "v1"): 7,
        ("HTTPCode_Target_2XX_Count", "v1"): 7,
        ("RequestCount", "v2"): 3,
        ("HTTPCode_Target_2XX_Count", "v2"): 2,
        ("HTTPCode_Target_5XX_Count", "v2"): 1,
        ("RequestCount", ""): 10,
        ("HTTPCode_Target_2XX_Count", ""): 9,
        ("HTTPCode_Target_5XX_Count", ""): 1,
    }


def test_a_reset_of_the_target_is_the_groups_request_but_the_balancers_code():
    assert shown([Count("web", "v1", 502, "UC", 4)]) == {
        ("RequestCount", "v1"): 4,
        ("RequestCount", ""): 4,
        ("HTTPCode_ELB_5XX_Count", ""): 4,
        ("HTTPCode_ELB_502_Count", ""): 4,
    }


def test_a_request_for_which_no_target_was_chosen_is_in_no_request_count():
    own = {("HTTPCode_ELB_5XX_Count", ""): 4, ("HTTPCode_ELB_503_Count", ""): 4}
    assert shown([Count("web", "v1", 503, "UH", 4)]) == own
    assert shown([Count("web", "", 503, "-", 4)]) == own


def test_a_client_that_left_was_a_request_without_a_code():
    assert shown([Count("web", "v1", 0, "DC", 1)]) == {("RequestCount", "v1"): 1, ("RequestCount", ""): 1}


def test_only_what_came_since_counts():
    before = [Count("web", "v1", 200, "-", 7)]
    now = [Count("web", "v1", 200, "-", 9)]
    assert shown(now, before)["RequestCount", "v1"] == 2
    assert shown(now, now) == {}


def test_counters_that_began_anew_count_from_zero():
    assert shown([Count("web", "v1", 200, "-", 3)], [Count("web", "v1", 200, "-", 9)])["RequestCount", "v1"] == 3


def test_a_listener_that_is_not_known_counts_for_its_groups_only():
    assert {group for _, group in shown([Count("other", "v1", 200, "-", 3)])} == {"v1"}


@given(COUNTS)
def test_the_sum_over_the_groups_is_at_most_that_of_the_load_balancer(now):
    found = shown(now)
    for metric in {metric for metric, _ in found}:
        groups = sum(value for (name, group), value in found.items() if name == metric and group)
        assert groups <= found[metric, ""]


@given(COUNTS)
def test_no_point_is_zero_and_no_code_of_the_balancer_has_a_group(now):
    found = shown(now)
    assert all(value > 0 for value in found.values())
    assert not [metric for metric, group in found if group and metric.startswith("HTTPCode_ELB")]


@given(COUNTS, COUNTS)
def test_two_readings_add_up(first, second):
    both = Counter({(c.listener, c.cluster, c.code, c.flags): c.total for c in first})
    both.update({(c.listener, c.cluster, c.code, c.flags): c.total for c in second})
    later = [Count(*key, total) for key, total in both.items()]
    assert Counter(shown(first)) + Counter(shown(later, first)) == Counter(shown(later))
