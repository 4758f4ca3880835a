"""Plans: every point on the way is whole, monotone and between its ends."""

from hypothesis import given
from hypothesis import strategies as st

from rollout.plan import blend, capacity, gainers, losers, made, steps
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
    at = blend(start, goal, done)
    found = made(at, start, goal)
    assert found is not None
    assert blend(start, goal, found) == at


def test_a_point_beside_the_way_is_not_on_its_path():
    assert made({"v1": 500, "v3": 500}, {"v1": WHOLE}, {"v2": WHOLE}) is None


@given(all_shares(), all_shares())
def test_the_last_step_is_the_goal(start, goal):
    assert steps(start, goal)[-1].shares == goal


def test_newcomers_are_those_that_gain():
    assert gainers({"v1": 500, "v2": 500}, {"v1": 400, "v2": 500, "v3": 100}) == ["v3"]


def test_the_incumbent_is_those_that_lose():
    assert losers({"v1": 500, "v2": 500}, {"v1": 400, "v2": 500, "v3": 100}) == ["v1"]


def test_steps_are_parts_of_the_change():
    ways = [step.shares for step in steps({"v1": WHOLE}, {"v1": 500, "v2": 500}, (10, 250))]
    assert ways == [{"v1": 995, "v2": 5}, {"v1": 875, "v2": 125}, {"v1": 500, "v2": 500}]


def test_a_walk_that_goes_on_begins_with_the_step_it_stands_on():
    ways = [step.done for step in steps({"v1": WHOLE}, {"v2": WHOLE}, (10, 50, 250, 500), made=250)]
    assert ways == [250, 500, WHOLE]


def test_steps_that_rounding_makes_equal_are_one():
    ways = [step.shares for step in steps({"v1": WHOLE}, {"v1": 999, "v2": 1}, (10, 50, 250, 500, 750))]
    assert ways == [{"v1": WHOLE}, {"v1": 999, "v2": 1}]


def test_from_and_to_nobody_there_are_no_steps_on_the_way():
    assert [step.shares for step in steps({}, {"v1": WHOLE}, (10, 500))] == [{"v1": WHOLE}]
    assert [step.shares for step in steps({"v1": WHOLE}, {}, (10, 500))] == [{}]


def test_a_newcomer_that_takes_everything_needs_as_many_instances_as_all_it_takes_from():
    assert capacity({"v1": 600, "v2": 400}, {"v3": WHOLE}, {"v1": 3, "v2": 2}) == {"v3": 5}


def test_newcomers_divide_what_they_take_over():
    start, goal = {"v1": WHOLE}, {"v2": 750, "v3": 250}
    assert capacity(start, goal, {"v1": 18}) == {"v2": 14, "v3": 5}
