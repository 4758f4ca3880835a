"""The jury: who is judged against whom, on which ticks, and what people read of it."""

from dataclasses import replace

import pytest

from rollout.jury import Jury
from rollout.metrics.interface import Counts, Tick
from rollout.strategy import Gate, Latency, Strategy

ERRORS = Strategy()
BOTH = replace(ERRORS, latency=Latency(over=0.3, warmup=10))
HALF = {"v1": 500, "v2": 500}


def tick(at: float = 0, **counts: tuple[int, ...]) -> Tick:
    """One second's counts by version: total, failed, slow."""
    return Tick(at, at + 1, {version: Counts(*each) for version, each in counts.items()})


def jury(strategy: Strategy = ERRORS, newcomers=("v2",), incumbents=("v1",), shares=HALF) -> Jury:
    found = Jury(strategy, newcomers, incumbents, 4)
    found.fresh(shares, 0)
    return found


def test_a_newcomer_that_fails_more_is_worse_and_the_numbers_are_told():
    judged = jury()
    for at in range(10):
        judged.see(tick(at, v1=(100, 0), v2=(100, 20)))
    assert (judged.worse() or "").startswith(
        "v2: 200 of 1,000 failed, v1: 0 of 1,000 failed; worse by 20.0 points, e-value "
    )


def test_a_newcomer_that_fails_as_much_is_not():
    judged = jury()
    for at in range(60):
        judged.see(tick(at, v1=(100, 5), v2=(100, 5)))
    assert judged.worse() is None
    assert judged.cleared


def test_those_that_lose_share_are_one_incumbent():
    shares = {"v1": 250, "v2": 250, "v3": 500}
    judged = jury(newcomers=("v3",), incumbents=("v1", "v2"), shares=shares)
    for at in range(10):
        judged.see(tick(at, v1=(50, 0), v2=(50, 0), v3=(100, 20)))
    assert "v1, v2: 0 of 1,000 failed" in (judged.worse() or "")


def test_a_tick_without_word_of_an_incumbent_that_serves_says_nothing():
    judged = jury()
    for at in range(30):
        judged.see(tick(at, v2=(100, 50)))
    assert judged.worse() is None
    assert judged.evidence()["v2 errors"] == {"alarm": 0, "clear": 0}


def test_a_tick_without_word_of_the_newcomer_says_nothing():
    judged = jury()
    judged.see(tick(v1=(100, 0)))
    assert judged.evidence()["v2 errors"]["clear"] == 0


def test_slices_that_are_neither_are_not_looked_at():
    judged = jury(shares={"v1": 300, "v2": 300, "v3": 400})
    for at in range(30):
        judged.see(tick(at, v1=(100, 0), v2=(100, 0), v3=(100, 100)))
    assert judged.worse() is None
    assert "v3" not in judged.line()


def test_every_gate_of_every_newcomer_has_to_clear():
    judged = jury(BOTH)
    for at in range(60):
        judged.see(tick(at, v1=(100, 0, 0), v2=(100, 0, 3 if at % 2 else 4)))
    assert not judged.cleared
    assert [line.partition(" ")[2].rpartition(" ")[2] for line in judged.open()] == ["proven"]
    assert judged.open()[0].startswith("v2 latency ")


def test_without_gates_everything_is_cleared():
    assert jury(replace(ERRORS, errors=None)).cleared


def test_a_false_alarm_is_shared_over_gates_newcomers_and_steps():
    one, many = jury(), Jury(BOTH, ("v2", "v3"), ("v1",), 4)
    assert 10 ** many.needs()["v2 errors"]["alarm"] == pytest.approx(4 * 10 ** one.needs()["v2 errors"]["alarm"])
    assert 10 ** one.needs()["v2 errors"]["alarm"] == pytest.approx(4 / Gate().alpha)


def test_after_the_incumbent_is_gone_its_own_rate_is_allowed():
    judged = jury()
    for at in range(100):
        judged.see(tick(at, v1=(100, 5), v2=(100, 5)))
    alone = Jury(ERRORS, ("v2",), ("v1",), 4, after=judged)
    alone.fresh({"v2": 1000}, 100)
    for at in range(100, 200):
        alone.see(tick(at, v1=(0, 0), v2=(200, 10)))
    assert alone.worse() is None
    for at in range(200, 230):
        alone.see(tick(at, v1=(0, 0), v2=(200, 60)))
    assert (alone.worse() or "").startswith(
        "v2: 2,800 of 26,000 failed, with no incumbent left to compare with, e-value "
    )


def test_the_line_has_this_steps_counts():
    judged = jury(BOTH)
    judged.see(tick(0, v1=(12_300, 9, 0), v2=(4_120, 3, 70)))
    assert judged.line().startswith("v2 3 of 4,120 failed, 70 slow · v1 9 of 12,300 failed, 0 slow · e=")
    judged.fresh(HALF, 1)
    assert judged.line().startswith("v2 0 of 0 failed, 0 slow · e=")
