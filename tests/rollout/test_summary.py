"""What an entry comes to, in numbers and in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.metrics.interface import Counts
from rollout.summary import (
    SILENCE,
    bounds,
    evidence,
    gates,
    incumbents,
    newcomers,
    of_step,
    outcome,
    pooled,
    sentence,
    span,
)
from tests import walks


def test_sides_are_told_by_who_gains_and_who_loses():
    assert (newcomers(walks.pair()), incumbents(walks.pair())) == (["v2", "v3"], ["v1"])


@pytest.mark.parametrize(
    ("story", "judged"),
    [(walks.promoted, ["errors", "latency"]), (walks.pair, ["errors"]), (walks.blind, []), (walks.unhealthy, [])],
)
def test_only_gates_that_judged_something_are_named(story, judged):
    assert gates(story()) == judged


def test_counts_of_several_versions_are_put_together():
    ticks = [
        {"counts": {"v1": {"total": 10, "failed": 1, "slow": 2}, "v2": {"total": 5, "failed": 0, "slow": 1}}},
        {"counts": {"v1": {"total": 20, "failed": 0, "slow": 0}}},
    ]
    assert pooled(ticks, ["v1", "v2"]) == Counts(35, 1, 3)
    assert pooled(ticks, ["v3"]) == Counts(0, 0, 0)


def test_a_steps_ticks_are_those_seen_while_it_was_held():
    entry = walks.promoted()
    assert [len(of_step(entry, number)) for number in range(5)] == [12, 12, 12, 12, 12]
    assert {tick["step"] for tick in of_step(entry, 3)} == {3}


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [(0, 0, 0, 1), (0, 100, 0, 0.0370), (5, 100, 0.0215, 0.1118), (50, 100, 0.4038, 0.5962), (100, 100, 0.9630, 1)],
)
def test_bounds_are_wilsons(count, total, low, high):
    assert bounds(count, total) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(0, 10_000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_bounds_hold_the_rate_and_are_rates(case):
    count, total = case
    low, high = bounds(count, total)
    assert 0 <= low <= (count / total if total else low) + 1e-12
    assert (count / total if total else high) - 1e-12 <= high <= 1


@pytest.mark.parametrize(
    ("story", "word"),
    [
        (walks.promoted, "promote"),
        (walks.restored, "restore"),
        (walks.inconclusive, "inconclusive"),
        (walks.stopped, "stopped"),
        (walks.unhealthy, "restore"),
        (walks.crashed, "crashed"),
    ],
)
def test_the_outcome_in_a_word(story, word):
    assert outcome(story()) == word


def test_without_an_end_it_is_under_way_as_long_as_it_was_heard_of_lately():
    entry = walks.crashed()
    assert outcome(entry, entry.heard + SILENCE - 1) == "walking"
    assert outcome(entry, entry.heard + SILENCE + 1) == "crashed"


@pytest.mark.parametrize(
    ("story", "words"),
    [
        (walks.pair, "v3: 4 of 90 failed, v1: 2 of 1,230 failed; worse by 4.3 points, e-value 2,841"),
        (walks.inconclusive, "neither good nor bad by the deadline: v2 errors 4 % proven"),
        (walks.stopped, "stopped by the operator"),
        (walks.unhealthy, "v2: 1 of 2 healthy (1 Target.Timeout) after 300 s"),
        (walks.crashed, "at 25 % of the change"),
        (walks.blind, "no requests were judged"),
    ],
)
def test_the_evidence_in_a_few_words(story, words):
    assert evidence(story()) == words


def test_the_evidence_of_a_promotion_is_what_all_steps_counted():
    entry = walks.promoted()
    mine, theirs = pooled(entry.ticks, ["v2"]), pooled(entry.ticks, ["v1"])
    assert evidence(entry) == (
        f"v2 {mine.failed} of {mine.total:,} failed, {mine.slow} slow · "
        f"v1 {theirs.failed} of {theirs.total:,} failed, {theirs.slow} slow"
    )


@pytest.mark.parametrize(
    ("story", "said"),
    [
        (walks.blind, "v2 100 is live after 77 s, judged by health alone."),
        (
            walks.inconclusive,
            "Neither good nor bad by the deadline: v2 errors 4 % proven. Restored v1 100 after 125.2 s.",
        ),
        (
            walks.unhealthy,
            "v2: 1 of 2 healthy (1 Target.Timeout) after 300 s. v1 100 stays live: nothing was moved; after 300.4 s.",
        ),
        (walks.stopped, "Stopped by the operator. Restored v1 100 after 23.4 s."),
        (walks.crashed, "Cut short: last heard of after 39 s, at 25 % of the change, when v1 75 · v2 25 was set."),
    ],
)
def test_the_verdict_in_a_sentence(story, said):
    assert sentence(story()) == said


def test_a_promotion_is_told_with_its_numbers():
    entry = walks.promoted()
    assert sentence(entry) == f"v2 100 is live after 77 s: {evidence(entry)}."


def test_a_walk_under_way_is_told_as_that():
    entry = walks.crashed()
    assert sentence(entry, entry.heard) == "Under way for 39 s, at 25 % of the change."


def test_a_walk_that_died_before_its_first_step_has_moved_nothing():
    entry = walks.crashed()
    entry.steps.clear()
    assert sentence(entry) == "Cut short: last heard of after 39 s, before the first step, when v1 100 was set."


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0.0 s"), (9.44, "9.4 s"), (73.2, "73 s"), (120, "2 min 0 s"), (312, "5 min 12 s"), (3900, "1 h 5 min")],
)
def test_spans_are_for_people(seconds, said):
    assert span(seconds) == said
