"""Envoy's counters as CloudWatch's points."""

from collections import Counter
from dataclasses import replace
from math import inf

from hypothesis import given
from hypothesis import strategies as st

from rehearsal.cloud.counters import Dimensions, Reading, points
from rehearsal.cloud.tallies import Count, Time
from rollout.envoy.stats import EDGES

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
    """How many requests were seen, as a dict: {(metric, target group's name or ""): number}."""
    made = points(Reading(list(before)), Reading(list(now)), GROUPS, BALANCER)
    found = {}
    for point in made:
        group, load_balancer = point.key
        assert load_balancer == SHOP
        assert point.unit == "Count"
        found[point.metric, (group or "//").split("/")[1]] = point.seen[1.0]
    assert len(found) == len(made)
    return found


def times(now, before=()):
    """How often each time was seen of v1, in seconds; of its load balancer it is the same."""
    made = points(Reading([], list(before)), Reading([], list(now)), GROUPS, BALANCER)
    assert [(one.metric, one.unit) for one in made] == [("TargetResponseTime", "Seconds")] * 2
    of_balancer, of_group = made
    assert of_balancer.seen == of_group.seen
    return of_group.seen


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


def test_a_client_that_left_was_a_request_that_no_target_answered():
    assert shown([Count("web", "v1", 0, "DC", 1)]) == {
        ("RequestCount", "v1"): 1,
        ("RequestCount", ""): 1,
        ("HTTPCode_ELB_4XX_Count", ""): 1,
    }


def test_what_went_wrong_after_a_target_had_begun_its_answer_leaves_the_code_the_targets():
    assert shown([Count("web", "v1", 200, "UPE", 2)]) == {
        ("RequestCount", "v1"): 2,
        ("HTTPCode_Target_2XX_Count", "v1"): 2,
        ("RequestCount", ""): 2,
        ("HTTPCode_Target_2XX_Count", ""): 2,
    }


def test_a_time_is_in_the_middle_of_its_bucket():
    assert times([Time("web", "v1", 300, 3), Time("web", "v1", 1, 2)]) == {0.275: 3, 0.0005: 2}


def test_a_time_beyond_all_edges_is_longer_than_the_last():
    (longest,) = times([Time("web", "v1", inf, 1)])
    assert longest > EDGES[-1] / 1000


def test_only_times_that_came_since_count():
    assert times([Time("web", "v1", 300, 3), Time("web", "v1", 1, 9)], [Time("web", "v1", 1, 7)]) == {
        0.275: 3,
        0.0005: 2,
    }


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
    both = Counter({replace(c, total=0): c.total for c in first})
    both.update({replace(c, total=0): c.total for c in second})
    later = [replace(count, total=total) for count, total in both.items()]
    assert Counter(shown(first)) + Counter(shown(later, first)) == Counter(shown(later))
