"""Undoing a dead owner's walk: one write, under a mark of its own."""

import pytest

from rollout.errors import ForeignError, RouterError, StoodDownError
from rollout.lease import AGREE
from rollout.mark import Mark, Owner, me
from rollout.recovery import recover
from rollout.routers.interface import Live
from tests.fakes import FakeFleets

V1, V2, AT_25 = {"v1": 1000}, {"v2": 1000}, {"v1": 750, "v2": 250}
DEAD = Mark("dead1234", V1, V2, Owner("ann", "elsewhere", 4_194_303, 1), 0, stop="bob@elsewhere")


@pytest.fixture
def fleets():
    return FakeFleets()


@pytest.fixture
def recovered(router, fleets, clock):
    """Recovers what is live; what it told."""
    router.start(AT_25, DEAD)
    lines = []

    def run():
        recover(router, fleets, clock, router.live, lines.append)
        return lines

    return run


@pytest.mark.parametrize("shares", [AT_25, V2])
def test_what_the_walk_started_from_is_put_back_in_one_write_and_the_mark_goes(recovered, router, shares):
    router.live = Live(shares, DEAD)
    router.healthy.clear()  # the former slices were serving, and get it back without a wait
    assert recovered() == ["moved: v1 100 (read back after 0.0 s)"]
    assert (router.writes, router.live.shares, router.live.mark) == ([V1], V1, None)


def test_while_it_works_the_mark_is_this_processs_on_the_same_way(recovered, router, clock):
    recovered()
    mine = router.marks[0]
    assert (mine.start, mine.goal, mine.owner, mine.stop) == (V1, V2, me(), "")
    assert mine.run != DEAD.run
    assert mine.until > clock.now()


def test_where_nothing_had_moved_only_the_mark_goes(recovered, router):
    router.live = Live(V1, DEAD)
    assert recovered() == []
    assert (router.writes, router.live.mark) == ([], None)


def test_both_fleets_may_shrink_again(recovered, fleets):
    recovered()
    assert fleets.calls == [("let go", "v1", "v2")]


def test_that_they_may_not_ends_nothing(recovered, router, fleets, monkeypatch):
    def refused(_):
        raise RouterError("refused")

    monkeypatch.setattr(fleets, "let_go", refused)
    assert "could not be lifted: refused" in recovered()[-1]
    assert router.live.mark is None


def test_weights_off_the_walks_way_are_somebody_elses_and_stay(recovered, router):
    router.live = Live({"v1": 500, "v3": 500}, DEAD)
    with pytest.raises(ForeignError, match=r"live is v1 50 · v3 50, .* Nothing was moved"):
        recovered()
    assert (router.writes, router.marks) == ([], [])


def test_weights_that_changed_since_they_were_looked_at_stay(router, fleets, clock):
    router.start({"v1": 500, "v2": 500}, DEAD)
    with pytest.raises(StoodDownError, match="someone else changed the weights"):
        recover(router, fleets, clock, Live(AT_25, DEAD), pytest.fail)
    assert router.writes == []


def test_what_goes_wrong_leaves_a_mark_and_says_what_to_do(recovered, router, clock):
    router.broken.add("set_shares")
    with pytest.raises(RouterError, match=r"set_shares: refused\. The former traffic is v1 100; .* run this again"):
        recovered()
    assert router.live.mark.goal == V2


def test_weights_that_are_not_taken_leave_a_mark_too(recovered, router, clock, monkeypatch):
    monkeypatch.setattr(router, "set_shares", lambda _: None)
    begun = clock.now()
    with pytest.raises(RouterError, match="did not show v1 100 within 10 s; it shows v1 75"):
        recovered()
    assert AGREE <= clock.now() - begun < AGREE + 1
    assert router.live.mark is not None


def test_without_a_mark_there_is_nothing_to_do(router, fleets, clock):
    router.start(V1)
    recover(router, fleets, clock, router.live, pytest.fail)
    assert (router.writes, router.marks) == ([], [])
