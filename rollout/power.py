"""How much traffic a proof takes: the judge itself, on made-up streams of a good newcomer. Pure, each time the same.

In: a gate, the rate of bad answers that both have, the newcomer's part of the requests. Out: requests at the median.
"""

from functools import lru_cache

import numpy as np

from rollout.judge import Judge
from rollout.strategy import Gate

STREAMS = 60
FIRST = 20  # newcomer requests in a tick, doubled after every ROUND ticks: so it takes no longer where much is needed
ROUND = 60
MOST = 10_000_000
SEED = 7


@lru_cache(maxsize=256)
def requests(gate: Gate, rate: float, split: float) -> float | None:
    """Newcomer requests until half of all good newcomers are cleared, when they get *split* of the traffic.

    *rate*: the part of requests that is bad at newcomer and incumbent alike. None: more than ten million would not do.
    """
    random = np.random.default_rng(SEED)
    judge = Judge(gate, alpha=gate.alpha, beta=gate.beta, streams=STREAMS)
    seen, tick = 0, FIRST
    while seen < MOST:
        others = round(tick * (1 - split) / split)
        for _ in range(ROUND):
            seen += tick
            judge.see(random.binomial(tick, rate, STREAMS), random.binomial(others, rate, STREAMS), tick, others)
            if judge.clears.mean() >= 0.5:
                return float(seen)
        tick *= 2
    return None
