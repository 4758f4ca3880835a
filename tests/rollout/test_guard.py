"""The guard's table, row by row."""

import pytest

from rollout import guard
from rollout.errors import BusyError, ForeignError, RefusedError
from rollout.guard import First, Rest, Walk
from rollout.mark import Mark, me
from rollout.routers.interface import Live

V1, V2, V3 = {"v1": 1000}, {"v2": 1000}, {"v3": 1000}
HALF = {"v1": 500, "v2": 500}
MARK = Mark("ab12cd34", V1, V2, me(), 0)
DECLARED = {"v1", "v2", "v3"}


def decide(recorded, live, planned, *, alive=False, declared=DECLARED, take_over=False):
    return guard.decide(recorded, live, planned, declared, lambda _: alive, take_over=take_over)


@pytest.mark.parametrize("recorded", [None, V1])
def test_without_a_rule_it_is_the_first_run(recorded):
    assert decide(recorded, None, V1) == First()


@pytest.mark.parametrize("live", [V1, V2, HALF, V3])
def test_a_live_owner_refuses_everybody_else_by_name(live):
    with pytest.raises(BusyError, match=rf"pid {me().pid}"):
        decide(V1, Live(live, MARK), V2, alive=True)


@pytest.mark.parametrize("recorded", [None, V1, V2])
def test_live_as_planned_needs_no_move(recorded):
    assert decide(recorded, Live(V2, None), V2) == Rest(dead_mark=False)


def test_live_as_planned_with_a_dead_mark_has_the_mark_taken_away():
    assert decide(V1, Live(V2, MARK), V2) == Rest(dead_mark=True)


def test_live_as_recorded_is_walked_from():
    assert decide(V1, Live(V1, None), V2) == Walk(V1, V2, former=V1, origin=V1)


def test_a_lost_record_walks_from_live():
    assert decide(None, Live(V1, None), V2) == Walk(V1, V2, former=V1, origin=V1)


def test_after_a_crash_the_same_config_goes_on_and_would_restore_the_marks_start():
    assert decide(V1, Live(HALF, MARK), V2) == Walk(HALF, V2, former=V1, origin=V1)


def test_after_a_crash_the_former_config_goes_back():
    assert decide(V1, Live(HALF, MARK), V1) == Walk(HALF, V1, former=HALF, origin=HALF, back=True)


def test_after_a_crash_a_third_config_walks_from_live():
    assert decide(V1, Live(HALF, MARK), V3) == Walk(HALF, V3, former=HALF, origin=HALF)


def test_after_a_crash_the_newcomer_may_leave_the_config():
    assert decide(V1, Live(HALF, MARK), V1, declared={"v1"}) == Walk(HALF, V1, former=HALF, origin=HALF, back=True)


@pytest.mark.parametrize(("live", "mark"), [(HALF, None), (V3, None), (V3, MARK)])
def test_weights_nobody_here_set_are_refused_showing_all_four(live, mark):
    with pytest.raises(ForeignError) as refusal:
        decide(V1, Live(live, mark), V2)
    assert all(word in str(refusal.value) for word in ("recorded v1 100", "live", "planned v2 100", "mark"))


@pytest.mark.parametrize("mark", [None, MARK])
def test_weights_nobody_here_set_are_walked_from_when_they_are_taken_over(mark):
    assert decide(V1, Live(V3, mark), V2, take_over=True) == Walk(V3, V2, former=V3, origin=V3)


def test_a_live_owner_is_not_taken_over():
    with pytest.raises(BusyError):
        decide(V1, Live(HALF, MARK), V2, alive=True, take_over=True)


def test_a_removed_release_that_carries_traffic_is_refused():
    with pytest.raises(RefusedError, match="v1 is removed but carries traffic"):
        decide(V1, Live(V1, None), V2, declared={"v2"})


def test_six_slices_with_a_share_before_and_after_are_refused():
    five = {f"v{n}": 200 for n in range(1, 6)}
    with pytest.raises(RefusedError, match="6 slices have a share"):
        decide(five, Live(five, None), {"v6": 1000}, declared={*five, "v6"})
