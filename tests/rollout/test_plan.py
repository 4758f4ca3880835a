"""Plans: every point on the way is whole, monotone and between its ends."""

from hypothesis import given
from hypothesis import strategies as st

from rollout.plan import blend, gainers, on_path, steps
from rollout.shares import WHOLE
from tests.rollout.test_shares import all_shares

FRACTION = st.integers(0, WHOLE)


@given(all_shares(), all_shares(), FRACTION)
def test_shares_on_the_way_always_sum_to_the_whole(start, goal, done):
    assert sum(blend(start, goal, done).values()) == WHOLE


@given(all_shares(), all_shares(), FRACTION)
def test_no_slice_passes_its_end(start, goal, done):
    now = blend(start, goal, done)
    for version in {**start, **goal}:
        low, high = sorted((start.get(version, 0), goal.get(version, 0)))
        assert low <= now.get(version, 0) <= high


@given(all_shares(), all_shares(), FRACTION)
def test_rounding_is_less_than_a_tenth_of_a_percent(start, goal, done):
    now = blend(start, goal, done)
    for version in {**start, **goal}:
        exact = start.get(version, 0) + (goal.get(version, 0) - start.get(version, 0)) * done / WHOLE
        assert abs(now.get(version, 0) - exact) < 1


@given(all_shares(), all_shares(), FRACTION)
def test_every_point_of_a_walk_is_on_its_path(start, goal, done):
    assert on_path(blend(start, goal, done), start, goal)


def test_a_point_beside_the_way_is_not_on_its_path():
    assert not on_path({"v1": 500, "v3": 500}, {"v1": WHOLE}, {"v2": WHOLE})


@given(all_shares(), all_shares())
def test_the_last_step_is_the_goal(start, goal):
    assert steps(start, goal)[-1].shares == goal


def test_newcomers_are_those_that_gain():
    assert gainers({"v1": 500, "v2": 500}, {"v1": 400, "v2": 500, "v3": 100}) == ["v3"]
