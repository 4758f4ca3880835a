"""What a proof takes: more where more has to be told apart, and what the judge itself needs."""

import numpy as np
import pytest

from rollout import power
from rollout.judge import Judge
from rollout.strategy import Gate


def test_it_is_the_same_each_time():
    power.requests.cache_clear()
    first = power.requests(Gate(), 0.01, 0.25)
    power.requests.cache_clear()
    assert power.requests(Gate(), 0.01, 0.25) == first


def test_a_finer_gate_needs_more():
    coarse, fine = power.requests(Gate(reject=3), 0.02, 0.25), power.requests(Gate(reject=1.5), 0.02, 0.25)
    assert coarse
    assert fine
    assert fine > 2 * coarse


def test_a_smaller_allowance_needs_more():
    wide, narrow = power.requests(Gate(allow=0.01), 0.0, 0.25), power.requests(Gate(allow=0.001), 0.0, 0.25)
    assert wide
    assert narrow
    assert narrow > 5 * wide


@pytest.mark.parametrize("rate", [0.0, 0.01])
def test_it_is_what_the_judge_needs_on_other_streams_and_other_ticks(rate):
    random = np.random.default_rng(99)
    judge = Judge(Gate(), alpha=0.01, beta=0.05, streams=200)
    seen = 0
    while judge.clears.mean() < 0.5:
        judge.see(random.binomial(60, rate, 200), random.binomial(180, rate, 200), 60, 180)
        seen += 60
    assert power.requests(Gate(), rate, 0.25) == pytest.approx(seen, rel=0.35)
