"""The walk through steps, bakes and gates, on fakes: each way it can end."""

from dataclasses import replace
from itertools import pairwise

import pytest

from rollout.errors import (
    GateError,
    InconclusiveError,
    MetricsError,
    RefusedError,
    RouterError,
    StoppedError,
    UnhealthyError,
    WorseError,
)
from rollout.mark import Mark, Owner
from rollout.metrics.interface import Counts, Tick
from rollout.strategy import Gate, Latency, Strategy
from tests.rollout.conftest import V1, V2

RAMP = Strategy(ready=60, steps=(50, 250, 500), bake=10, deadline=600)
AT_5 = {"v1": 950, "v2": 50}
AT_25 = {"v1": 750, "v2": 250}
AT_50 = {"v1": 500, "v2": 500}
DEAD = Owner("ann", "elsewhere", 1, 1)


def turns_bad(bench, at, part):
    """v2 fails *part* of its requests from when the shares *at* are set."""
    took = bench.router.set_shares

    def set_shares(shares):
        took(shares)
        if shares == at:
            bench.source.failing["v2"] = part

    bench.router.set_shares = set_shares


@pytest.fixture
def shop(bench):
    """v1 serves; v2 is healthy and has no share."""
    bench.router.start(V1)
    bench.router.healthy.add("v2")
    bench.fleets.sizes = {"v1": 2, "v2": 2}
    return bench


def test_a_good_newcomer_goes_through_every_step_with_one_write_each(shop):
    shop.walk(V1, V2, RAMP)
    assert shop.router.writes == [AT_5, AT_25, AT_50, V2]
    assert shop.router.live.mark is None
    (entry,) = shop.ended
    assert (entry.verdict, entry.live, [step["done"] for step in entry.steps]) == ("promote", V2, [50, 250, 500, 1000])


def test_each_step_lasts_its_bake_and_there_is_one_more_after_the_last(shop):
    shop.source.rate = 10_000
    shop.walk(V1, V2, RAMP)
    (entry,) = shop.ended
    times = [step["at"] for step in entry.steps] + [entry.ended]
    assert all(10 <= after - before <= 13 for before, after in pairwise(times))


def test_beyond_the_proofs_step_goes_only_what_was_cleared(shop):
    shop.source.rate = 40
    shop.walk(V1, V2, RAMP)
    (entry,) = shop.ended
    held = entry.steps[2]["at"] - entry.steps[1]["at"]
    assert held > 20
    cleared = [tick["evidence"]["v2 errors"]["clear"] for tick in entry.ticks if tick["step"] == 1]
    assert cleared[-1] >= entry.needs["v2 errors"]["clear"] > cleared[-2]


def test_a_newcomer_that_fails_is_restored_in_one_write_with_the_numbers(shop):
    shop.source.failing = {"v2": 0.2}
    with pytest.raises(
        WorseError,
        match=r"v2: \d+ of [\d,]+ failed, v1: 0 of [\d,]+ failed; worse by \d+\.\d points, e-value \S+\. "
        r"Restored v1 100 after \d",
    ):
        shop.walk(V1, V2, RAMP)
    assert shop.router.writes[-1] == V1
    assert shop.router.writes.count(V1) == 1
    assert shop.router.live.mark is None
    assert [entry.verdict for entry in shop.ended] == ["restore"]


def test_a_newcomer_that_turns_bad_late_is_found_late(shop):
    turns_bad(shop, AT_50, 0.3)
    with pytest.raises(WorseError):
        shop.walk(V1, V2, replace(RAMP, bake=30))
    assert AT_50 in shop.router.writes
    assert shop.router.live.shares == V1


def test_a_newcomer_that_turns_bad_with_all_the_traffic_goes_back_to_the_warm_incumbent(shop):
    turns_bad(shop, V2, 0.3)
    with pytest.raises(WorseError, match="with no incumbent left to compare with"):
        shop.walk(V1, V2, RAMP)
    assert shop.router.writes == [AT_5, AT_25, AT_50, V2, V1]


def test_an_incumbent_that_fails_as_well_restores_nobody(shop):
    shop.source.failing = {"v1": 0.05, "v2": 0.05}
    shop.source.rate = 1000
    shop.walk(V1, V2, RAMP)
    assert shop.router.live.shares == V2


def test_slow_answers_count_as_failed_ones_do_but_not_while_warming_up(shop):
    slow = replace(RAMP, errors=None, latency=Latency(over=0.3, warmup=20))
    shop.source.slowly = {"v2": 0.5}
    shop.clock.at(15, shop.source.slowly.clear)
    shop.walk(V1, V2, slow)
    assert shop.router.live.shares == V2
    shop.router.start(V1)
    shop.source.slowly = {"v2": 0.5}
    with pytest.raises(WorseError, match=r"v2: \d+ of \d+ slow, v1: 0 of [\d,]+ slow; worse"):
        shop.walk(V1, V2, slow)


def test_no_traffic_ends_inconclusive_and_promotes_nothing(shop):
    shop.source.rate = 0
    with pytest.raises(
        InconclusiveError, match=r"neither good nor bad by the deadline: v2 errors 0 % proven\. Restored"
    ):
        shop.walk(V1, V2, RAMP)
    assert shop.router.live.shares == V1
    assert V2 not in shop.router.writes
    assert [entry.verdict for entry in shop.ended] == ["inconclusive"]


def test_without_gates_health_alone_promotes_with_no_traffic(shop):
    shop.source.rate = 0
    shop.walk(V1, V2, replace(RAMP, errors=None))
    assert shop.router.live.shares == V2


def test_a_source_that_goes_away_passes_nothing(shop):
    def go() -> None:
        shop.source.gone = True

    shop.clock.at(5, go)
    with pytest.raises(
        InconclusiveError, match=r"the metric source was silent for \d+ s: read the counts: 503\. Restored v1"
    ):
        shop.walk(V1, V2, RAMP)
    assert shop.router.writes == [AT_5, V1]


def test_a_deadline_that_passes_while_the_source_is_gone_says_so(shop):
    def go() -> None:
        shop.source.gone = True

    shop.source.rate = 1000
    shop.clock.at(5, go)
    with pytest.raises(
        InconclusiveError, match=r"by the deadline: the bake was not over; read the counts: 503\. Restored v1"
    ):
        shop.walk(V1, V2, replace(RAMP, deadline=50))


def test_a_source_that_is_gone_before_the_first_move_moves_nothing(shop):
    shop.source.gone = True
    with pytest.raises(MetricsError, match="Nothing was moved"):
        shop.walk(V1, V2, RAMP)
    assert (shop.router.writes, shop.router.marks) == ([], [])


def test_held_where_it_is_undecided_the_next_run_goes_on_from_there(shop):
    shop.source.rate = 0
    hold = replace(RAMP, on_inconclusive="hold", deadline=60)
    with pytest.raises(InconclusiveError, match=r"Held v1 75 · v2 25"):
        shop.walk(V1, V2, hold)
    assert shop.router.live.shares == AT_25
    shop.source.rate = 1000
    shop.router.writes.clear()
    shop.walk(V1, V2, hold)
    assert shop.router.writes == [AT_50, V2]


def test_held_where_it_is_undecided_the_former_config_goes_back_at_once(shop):
    shop.source.rate = 0
    with pytest.raises(InconclusiveError):
        shop.walk(V1, V2, replace(RAMP, on_inconclusive="hold", deadline=60))
    shop.router.writes.clear()
    shop.walk(V1, V1, RAMP)
    assert shop.router.writes == [V1]


def test_a_walk_that_was_killed_goes_on_at_its_step_and_restores_to_where_it_began(shop):
    shop.router.start(AT_50, Mark("ab12cd34", V1, V2, DEAD, 0))
    shop.source.failing = {"v2": 0.3}
    with pytest.raises(WorseError):
        shop.walk(V1, V2, replace(RAMP, bake=30))
    assert shop.router.writes == [V1]


def test_a_newcomer_that_loses_a_target_on_the_way_is_restored(shop):
    shop.clock.at(15, lambda: shop.router.healthy.discard("v2"))
    with pytest.raises(UnhealthyError, match=r"v2: 0 of 2 healthy .*, and there were 2\. Restored v1 100"):
        shop.walk(V1, V2, RAMP)
    assert shop.router.live.shares == V1


def test_a_stop_is_answered_within_two_seconds(shop):
    asked = []
    shop.clock.at(14, lambda: (asked.append(shop.clock.now()), shop.router.ask_stop()))
    with pytest.raises(StoppedError, match=r"stopped by bob@elsewhere .*Restored v1 100"):
        shop.walk(V1, V2, RAMP)
    assert shop.clock.now() - asked[0] <= 2
    assert shop.router.live.shares == V1


def test_the_command_gate_runs_before_the_first_share(shop):
    seen = []
    shop.smoke = lambda version, check: seen.append((version, list(shop.router.writes)))
    shop.walk(V1, V2, replace(RAMP, command=("./smoke.sh",)))
    assert seen == [("v2", [])]


def test_a_newcomer_that_the_command_refuses_gets_no_share(shop):
    def refuse(version, check):
        raise GateError("the command gate `./smoke.sh` ended with 1; it said:\nno page\n")

    shop.smoke = refuse
    with pytest.raises(GateError, match="no page"):
        shop.walk(V1, V2, replace(RAMP, command=("./smoke.sh",)))
    assert shop.router.writes == []


def test_a_slice_that_has_carried_everything_gets_it_back_in_one_move(shop):
    shop.walk(V1, V2, RAMP)
    shop.router.writes.clear()
    shop.walk(V2, V1, RAMP)
    assert shop.router.writes == [V1]
    shop.router.writes.clear()
    shop.walk(V1, V2, replace(RAMP, instant=False))
    assert shop.router.writes == [AT_5, AT_25, AT_50, V2]


def test_a_restored_newcomer_has_never_carried_everything(shop):
    turns_bad(shop, V2, 0.3)
    with pytest.raises(WorseError):
        shop.walk(V1, V2, RAMP)
    assert V2 in shop.router.writes
    assert "v2" not in shop.router.live.carried


def test_of_two_newcomers_one_that_is_bad_restores_both(shop):
    shop.router.healthy.add("v3")
    shop.source.failing = {"v3": 0.3}
    with pytest.raises(WorseError, match=r"^v3: "):
        shop.walk(V1, {"v2": 500, "v3": 500}, RAMP)
    assert shop.router.live.shares == V1


def test_a_newcomer_is_as_large_as_what_it_takes_over_before_its_first_share(shop):
    shop.fleets.sizes = {"v1": 18, "v2": 2}
    shop.walk(V1, V2, RAMP)
    assert shop.fleets.calls[:2] == [("grow", "v2", "18"), ("hold", "v1", "v2")]
    assert shop.fleets.calls[-1] == ("let go", "v1", "v2")


def test_fleets_may_shrink_again_after_a_restore(shop):
    shop.source.failing = {"v2": 0.3}
    with pytest.raises(WorseError):
        shop.walk(V1, V2, RAMP)
    assert shop.fleets.calls[-1] == ("let go", "v1", "v2")


def test_a_router_that_throttles_for_a_while_ends_nothing(shop):
    shop.clock.at(12, lambda: shop.router.throttled.update({"read", "health"}))
    shop.clock.at(20, shop.router.throttled.clear)
    shop.walk(V1, V2, RAMP)
    assert shop.router.live.shares == V2


def test_credentials_that_expire_end_in_a_named_state(shop):
    def expire() -> None:
        def refuse(*_):
            raise RouterError("read the weighted rule: ExpiredToken")

        shop.router.read = shop.router.set_shares = shop.router.set_mark = refuse

    shop.clock.at(15, expire)
    with pytest.raises(RouterError, match=r"ExpiredToken.*RESTORE FAILED.*former traffic is v1 100.*ops recover"):
        shop.walk(V1, V2, RAMP)


def test_what_cannot_be_proven_in_time_is_refused_before_anything_moves(shop):
    shop.source.rate = 0.5
    with pytest.raises(
        RefusedError, match=r"could not be proven by its deadline.*Write deadline: \d+m.*Nothing was moved"
    ):
        shop.walk(V1, V2, RAMP)
    assert (shop.router.writes, shop.router.marks) == ([], [])


def test_the_journal_has_the_walk_while_it_goes_on(shop):
    shop.walk(V1, V2, RAMP)
    assert shop.journal.kept[0].verdict is None
    assert shop.journal.kept[-1].verdict == "promote"
    assert len(shop.journal.kept) < 40


def test_lines_are_told_each_quarter_of_a_minute_and_at_each_step(shop):
    shop.source.rate = 1000
    shop.walk(V1, V2, replace(RAMP, bake=60))
    steps = [line for line in shop.lines if line.startswith("25 %")]
    assert 4 <= len(steps) <= 5
    assert steps[-1].startswith("25 %  v2 0 of 15,")


def test_gates_can_be_stricter_for_all_of_this(shop):
    shop.source.failing = {"v1": 0.001, "v2": 0.004}
    shop.source.rate = 2000
    with pytest.raises(WorseError):
        shop.walk(V1, V2, replace(RAMP, errors=Gate(allow=0.001), bake=120, deadline=3600))


class Minutes:
    """A source whose ticks are minutes, seen two minutes later, as a real load balancer's are."""

    period, late = 60.0, 120.0

    def __init__(self, source, clock):
        self._source, self._clock = source, clock
        self._seconds = []
        self._next = None

    def recent(self, seconds):
        return self._source.recent(seconds)

    def poll(self):
        self._seconds += self._source.poll()
        now = self._clock.now()
        if self._next is None:
            self._next = (now // 60 + 1) * 60
        ticks = []
        while self._next + 60 + self.late <= now:
            begin, self._next = self._next, self._next + 60
            inside = [tick for tick in self._seconds if begin <= tick.begin < begin + 60]
            ticks.append(Tick(begin, begin + 60, {v: self._sum(inside, v) for v in ("v1", "v2", "v3")}))
        return ticks

    @staticmethod
    def _sum(ticks, version):
        each = [tick.counts[version] for tick in ticks]
        return Counts(sum(c.total for c in each), sum(c.failed for c in each), sum(c.slow for c in each))


def test_with_minutes_that_come_late_each_step_waits_for_a_minute_of_its_own(shop):
    shop.source = Minutes(shop.source, shop.clock)
    shop.walk(V1, V2, replace(RAMP, bake=60, deadline=7200))
    (entry,) = shop.ended
    assert entry.verdict == "promote"
    moves = [step["at"] for step in entry.steps]
    for tick in entry.ticks:
        assert not [at for at in moves if tick["begin"] < at < tick["end"]]
    assert all(180 <= after - before <= 360 for before, after in pairwise([*moves, entry.ended]))


def test_with_minutes_that_come_late_a_bad_newcomer_is_still_restored(shop):
    shop.source.failing = {"v2": 0.2}
    shop.source = Minutes(shop.source, shop.clock)
    with pytest.raises(WorseError):
        shop.walk(V1, V2, replace(RAMP, bake=60, deadline=7200))
    assert shop.router.live.shares == V1


def test_a_newcomer_is_as_large_as_a_slice_of_others_that_it_takes_over(shop):
    shop.fleets.sizes = {"v2": 1}  # v1 is external: it has targets, and no fleet of ours
    shop.walk(V1, V2, RAMP)
    assert shop.fleets.calls[0] == ("grow", "v2", "2")


def test_a_newcomer_of_which_there_is_no_word_passes_no_step(shop):
    poll = shop.source.poll

    def without_v2():
        return [replace(tick, counts={"v1": tick.counts["v1"]}) for tick in poll()]

    shop.source.poll = without_v2
    with pytest.raises(InconclusiveError, match=r"no counts of v2\. Restored v1 100"):
        shop.walk(V1, V2, replace(RAMP, deadline=180))
    assert shop.router.writes == [AT_5, V1]
