"""The judge: is a newcomer worse than the incumbent, or good enough? Asked of counts, as often as one likes. Pure.

In: failed and total requests of both, tick by tick. Out: evidence, and whether it restores or clears.

Each question is a bet against its own answer being no. Given that a request failed, it was the newcomer's with a
probability that follows from the split and from the ratio of the failure rates; the rate that both have in common
cancels, so a slow database or a busy hour alarms nobody. A newcomer's failure multiplies the stake, an incumbent's
divides it, so that on average nothing is won while the newcomer is no worse than allowed: an e-process. That it ever
reaches 1/alpha has then a chance of alpha at most, however often one looks (Ville; Ramdas, Grünwald, Vovk, Shafer
2023). Several bets, each tuned to another ratio, are averaged, which keeps that.

This holds for failures that are independent. One sick machine, a pause, a pinned connection makes them come in clumps.
The guard sizes the clumps of each side from the ticks before (by how much neighbouring ticks differ, beginning with a
suspicion), and bets on clumps instead of failures; and the best tick of an alarm counts no more than the second best,
so that it is never a single event that restores. That is no theorem; docs/judge.md has what it was measured to do.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rollout.strategy import Gate

Array = NDArray[np.float64]

RATIOS = np.geomspace(1.25, 20, 12)  # how many times worse, or better, a bet takes the newcomer to be
CERTAIN = 0.95  # a failure rate beyond which no bet goes
SUSPECTED = 20.0  # failures in a clump before anything was seen, for an alarm …
CLUMPS = 0.1  # … and of how many such clumps that suspicion is worth
MILD, MILDLY = 2.5, 4.0  # the same for a proof


class Judge:
    """One newcomer against the incumbent under one *gate*, over *streams* of counts at once.

    *alpha*: the chance that a good newcomer is restored between two `fresh`; *beta*: that a bad one is ever cleared.
    *alone*: there is no incumbent any more, and only `allow` counts. Every result is an array as long as *streams*.
    """

    def __init__(
        self,
        gate: Gate,
        *,
        alpha: float,
        beta: float,
        streams: int = 1,
        guarded: bool = True,
        alone: bool = False,
    ) -> None:
        self._gate = gate
        self._guarded = guarded
        self._alone = alone
        self.alarm_at, self.clear_at = math.log(1 / alpha), math.log(1 / beta)
        self._newcomer, self._incumbent = _Clumps(streams), _Clumps(streams)
        self._worse, self._over = _Bets(streams), _Bets(streams)
        self._fine, self._under = np.zeros((streams, len(RATIOS))), np.zeros((streams, len(RATIOS)))
        self.clears = np.zeros(streams, bool)
        self.fresh()

    def fresh(self) -> None:
        """The alarm begins anew, as at each step of a walk; the proof goes on."""
        streams = len(self.clears)
        self._worse, self._over = _Bets(streams), _Bets(streams)
        self.restores = np.zeros(streams, bool)

    def see(self, x: ArrayLike, y: ArrayLike, n: ArrayLike, m: ArrayLike) -> None:
        """Take in one tick: *x* of *n* requests failed at the newcomer, *y* of *m* at the incumbent.

        Where *n* or *m* is 0, nothing is said about one against the other. ValueError when more failed than there were.
        """
        shape = self.clears.shape
        x, y, n, m = (np.broadcast_to(np.asarray(value, float), shape) for value in (x, y, n, m))
        if np.any((x < 0) | (y < 0) | (x > n) | (y > m)):
            raise ValueError("more requests failed than there were, or fewer than none")
        strict, mild = self._sizes()
        self._newcomer.see(x, n)
        self._incumbent.see(y, m)
        self._bet_on_worse(x[:, None], y[:, None], n[:, None], m[:, None], strict)
        self._bet_on_fine(x[:, None], y[:, None], n[:, None], m[:, None], mild)
        # Both at once: restore wins, since whoever asks looks there first.
        self.restores |= self.alarm >= self.alarm_at
        self.clears |= self.clear >= self.clear_at

    @property
    def alarm(self) -> Array:
        """log of the e-value that the newcomer fails more than `tolerate` times as often, and more than `allow`."""
        over = self._over.evidence(self._guarded)
        return over if self._alone else np.minimum(self._worse.evidence(self._guarded), over)

    @property
    def clear(self) -> Array:
        """log of the e-value that it fails less than `reject` times as often, or less than `allow`."""
        return np.logaddexp(_mixed(self._fine), _mixed(self._under)) - math.log(2)

    def _sizes(self) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        """Failures in a clump of newcomer and incumbent, from the ticks before: for the alarm, and for the proof."""
        if not self._guarded:
            one = np.ones((len(self.clears), 1))
            return (one, one), (one, one)
        both = self._newcomer, self._incumbent
        return (both[0].strict(), both[1].strict()), (both[0].mild(), both[1].mild())

    def _bet_on_worse(self, x: Array, y: Array, n: Array, m: Array, size: tuple[Array, Array]) -> None:
        mine, theirs = size
        odds = self._gate.tolerate * _ratio(n, m)
        stake = np.where(_both(n, m), (RATIOS - 1) / (1 + odds * RATIOS * theirs), 0)
        self._worse.add(_won(x, mine, stake), _won(y, theirs, -odds * stake))
        allow = self._gate.allow
        stake = np.minimum(RATIOS, CERTAIN / allow) - 1
        self._over.add(_won(x, mine, stake), -n * np.log1p(stake * allow))

    def _bet_on_fine(self, x: Array, y: Array, n: Array, m: Array, size: tuple[Array, Array]) -> None:
        mine, theirs = size
        odds = _ratio(m, n) / self._gate.reject
        stake = np.where(_both(n, m), (RATIOS - 1) / (1 + odds * RATIOS * mine), 0)
        self._fine += _won(y, theirs, stake) + _won(x, mine, -odds * stake)
        stake = (1 - 1 / RATIOS) / mine
        self._under += _won(x, mine, -stake) - n * np.log1p(-stake * self._gate.allow)


class _Bets:
    """log of what each bet has made of its stake, and the two best ticks."""

    def __init__(self, streams: int) -> None:
        self._log, self._best, self._second = (np.zeros((streams, len(RATIOS))) for _ in range(3))

    def add(self, won: Array, lost: Array) -> None:
        """One tick."""
        self._log += won + lost
        self._second = np.maximum(self._second, np.minimum(self._best, won))
        self._best = np.maximum(self._best, won)

    def evidence(self, guarded: bool) -> Array:
        """log of the average; *guarded*: with the best tick counted as the second best."""
        return _mixed(self._log - self._best + self._second if guarded else self._log)


@dataclass
class _Clumps:
    """How many failures come together on one side: their variance from tick to tick, over their mean."""

    streams: int
    squares: Array = field(init=False)
    mean: Array = field(init=False)
    most: Array = field(init=False)
    last: tuple[Array, Array] = field(init=False)  # failed and total of the last tick with any request

    def __post_init__(self) -> None:
        zeros = np.zeros(self.streams)
        self.squares, self.mean, self.most, self.last = zeros, zeros, zeros, (zeros, zeros)

    def see(self, failed: Array, total: Array) -> None:
        """One tick; what differs only because the totals do is taken out."""
        before, of = self.last
        some = (total > 0) & (of > 0)
        root = np.sqrt(np.where(some, total / np.where(some, of, 1), 1))
        self.squares = self.squares + np.where(some, (failed / root - before * root) ** 2 / 2, 0)
        self.mean = self.mean + np.where(some, (failed + before) / 2, 0)
        self.most = np.maximum(self.most, failed)
        self.last = np.where(total > 0, failed, before), np.where(total > 0, total, of)

    def strict(self) -> Array:
        """For the alarm: as if there had been a clump as large as the worst tick, and as suspected."""
        prior = CLUMPS * np.maximum(self.most, SUSPECTED)
        return self._size(prior * np.maximum(self.most, SUSPECTED), prior)

    def mild(self) -> Array:
        """For the proof."""
        prior = np.maximum(MILD * MILDLY, self.most)
        return self._size(MILD * prior, prior)

    def _size(self, squares: Array, mean: Array) -> Array:
        return np.maximum(1, (self.squares + squares) / (self.mean + mean))[:, None]


def _won(failed: Array, size: Array, stake: Array) -> Array:
    """log of what *failed* failures make of a *stake* each, where *size* of them count as one event."""
    whole = np.floor(failed / size)
    return whole * np.log1p(stake * size) + np.log1p(stake * (failed - whole * size))


def _mixed(log: Array) -> Array:
    """log of the mean over the bets."""
    top = log.max(-1, keepdims=True)
    return top[..., 0] + np.log(np.exp(log - top).mean(-1))


def _ratio(one: Array, other: Array) -> Array:
    """*one* over *other*; 1 where either is 0, and no bet is made."""
    both = _both(one, other)
    return np.where(both, one / np.where(both, other, 1), 1)


def _both(n: Array, m: Array) -> NDArray[np.bool_]:
    return (n > 0) & (m > 0)
