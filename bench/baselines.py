"""Two rules that others use, to be compared with: a fixed threshold on minutes, and Kayenta's Mann-Whitney judge.

In: failed and total requests by minute, an array of (streams, minutes) each. Out: the minute in which each stream was
restored; NEVER where it was not. Written from published descriptions, not from anybody's code:
CodeDeploy's alarms: https://docs.aws.amazon.com/codedeploy/latest/userguide/monitoring-create-alarms.html
Kayenta: https://spinnaker.io/docs/guides/user/canary/best-practices/ (50 points and more a run), and the classifier's
description: Mann-Whitney at 95 %, a tolerance of 25 % of the Hodges-Lehmann shift, noise where all values tie.
"""

import numpy as np

NEVER = 10**9
POINTS = 50  # minutes of one of Kayenta's runs
CONFIDENCE = 1.959964  # of the normal distribution, at 95 %
TOLERANCE = 0.25


def threshold(x: np.ndarray, n: np.ndarray, most: float) -> np.ndarray:
    """An alarm on the newcomer's own error rate: restored after the first minute above *most*."""
    return _first((n > 0) & (x > most * n))


def mann_whitney(x: np.ndarray, n: np.ndarray, y: np.ndarray, m: np.ndarray) -> np.ndarray:
    """Kayenta's rule on error rates by minute, run after run of POINTS minutes: restored when a run ends "high"."""
    random = np.random.default_rng(5)
    mine, theirs = x / np.maximum(n, 1), y / np.maximum(m, 1)
    high = np.zeros(x.shape, bool)
    for stream in range(len(x)):
        for end in range(POINTS, x.shape[1] + 1, POINTS):
            run = slice(end - POINTS, end)
            high[stream, end - 1] = _is_high(mine[stream, run], theirs[stream, run], random)
    return _first(high)


def _is_high(mine: np.ndarray, theirs: np.ndarray, random: np.random.Generator) -> bool:
    """Whether the shift is above what is tolerated with 95 % confidence (normal approximation)."""
    if np.ptp(np.concatenate([mine, theirs])) == 0:
        mine, theirs = (values + random.normal(0, 1e-6, len(values)) for values in (mine, theirs))
    shifts = np.sort((mine[:, None] - theirs[None, :]).ravel())
    pairs, both = len(shifts), len(mine) + len(theirs)
    beyond = int(pairs / 2 - CONFIDENCE * np.sqrt(pairs * (both + 1) / 12))
    estimate, lowest = np.median(shifts), shifts[max(0, beyond)]
    return bool(lowest > TOLERANCE * abs(estimate))


def _first(hit: np.ndarray) -> np.ndarray:
    return np.where(hit.any(1), hit.argmax(1) + 1, NEVER)
