"""Traffic moved by API, before the engine is asked: guard, mark and read-back as in a run of the program.

In: what the stack file will declare. Out: its shares live, the mark gone, the engine's record as it was.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from components import aftermath, control
from ops.errors import OpsError, StoppedError
from ops.prospect import Prospect
from ops.relay import SIGNALS
from ops.stop import end
from rollout.clock import RealClock
from rollout.errors import RolloutError
from rollout.mark import is_alive


def move(ahead: Prospect, stack: str, say: Callable[[str], None], *, take_over: bool = False) -> None:
    """Move the live weights to what *ahead* declares, in one move; *stack* as the program knows it.

    A walk that is on is stopped first. OpsError, saying what is live, when nothing could be moved.
    """
    live = ahead.cloud.live()
    if live and live.mark and is_alive(live.mark, RealClock().now()):
        end(ahead.cloud, live.mark, say, RealClock())
    order = control.order(ahead.settings, stack, ahead.state.shares)
    with _wish() as stop:
        finish = partial(aftermath.finish, ahead.settings, stack, stop, say)
        try:
            ahead.cloud.controller(stack, stop, say, finish).run(replace(order, take_over=take_over or order.take_over))
        except RolloutError as error:
            raise (StoppedError if stop.is_set() else OpsError)(str(error)) from None


@contextmanager
def _wish() -> Iterator[threading.Event]:
    """What SIGINT and SIGTERM set while the block runs: the walk then puts back what it moved."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
