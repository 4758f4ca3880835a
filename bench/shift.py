"""Asked weight → first request under it: one bare write of the router's weights, read back, under load.

In: our way, with a live slice and a warm one. Out: seconds of each move.
"""

import time
from dataclasses import dataclass

from bench.dock import Ours
from bench.ground import BenchError
from bench.turns import CONNECTIONS, LAST
from rehearsal.load import Load, own
from rollout.shares import WHOLE

SETTLE = 0.5  # seconds after a move in which the last answers come
LOOK = 0.002


@dataclass(frozen=True)
class Move:
    """Seconds from the ask until the weights were read back, until the first request on the new slice was sent, and
    until the last on the old one was.
    """

    read_back: float
    first: float
    last: float


def moves(ours: Ours, rate: float, turns: int) -> list[Move]:
    """All the traffic to the other slice and back, *turns* times; then what is live is what was."""
    router = ours.router()
    load = Load(ours.url, CONNECTIONS, rate)
    load.start()
    try:
        time.sleep(SETTLE)
        made = []
        for _ in range(turns):
            for old, new in ((ours.live, ours.standby), (ours.standby, ours.live)):
                begun = time.time()
                router.set_shares({new: WHOLE})
                back = time.time() - begun
                made.append(_seen(load, old, new, begun, back))
        return made
    finally:
        load.stop()


def _seen(load: Load, old: str, new: str, begun: float, back: float) -> Move:
    until = time.monotonic() + LAST
    while not (first := [one.at for one in own(list(load.answers), new) if one.at > begun]):
        if time.monotonic() > until:
            raise BenchError(f"nobody was answered by {new} after its weight was set")
        time.sleep(LOOK)
    time.sleep(SETTLE)
    last = max((one.at for one in own(list(load.answers), old) if one.at > begun), default=begun)
    return Move(back, min(first) - begun, last - begun)
