"""The judge's promises, kept by the shipped class on seeded streams: false alarms, bad ones cleared, and how fast.

Each stream is a release: a tick brings requests to newcomer and incumbent, some of which fail, and is looked at.
"""

import math
from collections.abc import Callable

import numpy as np
import pytest

from rollout.judge import Judge
from rollout.strategy import Gate

STREAMS, TICKS = 2000, 400
GATE = Gate()
Draw = Callable[[np.random.Generator, np.ndarray, float | np.ndarray], np.ndarray]


def alone(random: np.random.Generator, requests: np.ndarray, rate: float | np.ndarray) -> np.ndarray:
    """Failures that have nothing to do with each other."""
    return random.binomial(requests, rate)


def clumps(size: int) -> Draw:
    """Failures that come *size* at a time."""

    def draw(random: np.random.Generator, requests: np.ndarray, rate: float | np.ndarray) -> np.ndarray:
        return np.minimum(random.poisson(requests * rate / size) * size, requests)

    return draw


def swing(tick: int) -> float:
    """Between 0.2 and 5 %, a round in 40 ticks."""
    return 0.01 * 5 ** math.sin(2 * math.pi * tick / 40)


def constant(rate: float) -> Callable[[int], float]:
    return lambda _: rate


ONE_PERCENT = constant(0.01)


def play(
    newcomer: Draw = alone,
    incumbent: Draw = alone,
    *,
    rate: Callable[[int], float] = ONE_PERCENT,
    ratio: float = 1.0,
    requests: int = 250,
    share: float = 0.1,
    seed: int = 1,
    streams: int = STREAMS,
    ticks: int = TICKS,
    judge: Judge | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The tick in which each stream was first restored, and cleared; `ticks` where it never was.

    The newcomer fails *ratio* times as often as the incumbent, and has *share* of the *requests* in a tick.
    """
    random = np.random.default_rng(seed)
    judge = judge or Judge(GATE, alpha=GATE.alpha, beta=GATE.beta, streams=streams)
    restored, cleared = np.full(streams, ticks), np.full(streams, ticks)
    for tick in range(ticks):
        n = random.binomial(requests, share, streams)
        m = requests - n
        x = newcomer(random, n, min(1, rate(tick) * ratio))
        y = incumbent(random, m, rate(tick))
        judge.see(x, y, n, m)
        restored = np.where(judge.restores & (restored == ticks), tick, restored)
        cleared = np.where(judge.clears & (cleared == ticks), tick, cleared)
    return restored, cleared


def ever(ticks: np.ndarray) -> float:
    """The part of streams in which it ever happened."""
    return float((ticks < TICKS).mean())


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_a_good_newcomer_is_restored_in_alpha_of_all_releases_at_most(share):
    restored, _ = play(share=share, requests=1000 if share == 0.01 else 250)
    assert ever(restored) <= GATE.alpha


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_so_it_is_while_both_rates_swing_together(share):
    restored, _ = play(share=share, rate=swing, requests=1000 if share == 0.01 else 250)
    assert ever(restored) <= GATE.alpha


@pytest.mark.parametrize("size", [3, 5, 20])
def test_failures_of_the_newcomer_in_clumps_restore_two_alpha_at_most(size):
    restored, _ = play(newcomer=clumps(size))
    assert ever(restored) <= 2 * GATE.alpha


@pytest.mark.parametrize("size", [3, 5, 20])
def test_failures_of_the_incumbent_in_clumps_restore_two_alpha_at_most(size):
    restored, _ = play(incumbent=clumps(size))
    assert ever(restored) <= 2 * GATE.alpha


@pytest.mark.parametrize("share", [0.01, 0.5])
def test_clumps_at_other_shares_restore_two_alpha_at_most(share):
    restored, _ = play(newcomer=clumps(20), share=share, requests=1000 if share == 0.01 else 250)
    assert ever(restored) <= 2 * GATE.alpha


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_newcomer_at_the_rejected_rate_is_cleared_in_beta_of_all_releases_at_most(share):
    _, cleared = play(ratio=GATE.reject, share=share)
    assert ever(cleared) <= GATE.beta


def test_so_it_is_while_both_rates_swing_together_above_what_is_allowed():
    _, cleared = play(ratio=GATE.reject, rate=lambda tick: max(swing(tick), 0.0026))
    assert ever(cleared) <= GATE.beta


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_bad_newcomer_whose_failures_come_in_clumps_is_cleared_in_two_beta_at_most(share):
    _, cleared = play(newcomer=clumps(5), ratio=2 * GATE.reject, share=share)
    assert ever(cleared) <= 2 * GATE.beta


@pytest.mark.parametrize(("rate", "floor", "times"), [(0.02, 765, 1.6), (0.05, 73, 1.8), (0.2, 7, 2.5)])
def test_without_its_guard_it_is_near_the_fastest_that_there_can_be(rate, floor, times):
    """Wald's floor for known rates, at alpha 5 %, 1 % for the incumbent, a tenth of the traffic."""
    ticks = 4 * floor
    gate = Gate(allow=0.0005, tolerate=1.0)
    judge = Judge(gate, alpha=0.05, beta=0.05, streams=400, guarded=False)
    random = np.random.default_rng(1)
    needed = np.full(400, np.inf)
    for tick in range(1, ticks + 1):  # one request of the newcomer each
        judge.see(random.binomial(1, rate, 400), random.binomial(9, 0.01, 400), 1, 9)
        needed = np.where(judge.restores & np.isinf(needed), tick, needed)
    assert np.median(needed) <= times * floor


def test_without_its_guard_it_restores_alpha_of_all_good_ones_at_most():
    gate = Gate(allow=0.0005, tolerate=1.0)
    judge = Judge(gate, alpha=0.05, beta=0.05, streams=STREAMS, guarded=False)
    restored, _ = play(judge=judge)
    assert ever(restored) <= 0.05
