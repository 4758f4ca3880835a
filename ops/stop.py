"""`stop`: ask a walk that is on, wherever it runs, to put the former weights back.

In: the mark beside the live weights. Out: what is live once the walk has ended; the walk looks each second.
"""

import time
from collections.abc import Callable

from ops.aws import Cloud
from ops.errors import OpsError
from ops.stack import Stack
from rollout import mark as marks
from rollout.shares import text

PATIENCE = 30.0  # seconds until a walk that does not answer is called that
LOOK = 0.5  # seconds between two looks


def stop(stack: Stack, say: Callable[[str], None]) -> None:
    """End the walk that is on; nothing when there is none. OpsError when its owner is dead, or does not answer."""
    cloud = Cloud(stack.config().settings(), stack.state())
    live = cloud.live()
    if live is None or live.mark is None:
        say(f"no walk is on; live is {text(live.shares) if live else 'nobody'}")
        return
    run = live.mark.run
    if not marks.is_alive(live.mark, time.time()):
        raise OpsError(f"the walk {live.mark} is not on any more, its process is dead; run `python -m ops recover`")
    say(f"asking {live.mark.owner} to stop {live.mark}")
    cloud.ask_stop(run)
    until = time.monotonic() + PATIENCE
    while live and live.mark and live.mark.run == run:
        if time.monotonic() > until:
            raise OpsError(
                f"{live.mark.owner} has not answered for {PATIENCE:g} s; live is {text(live.shares)}. The wish stays "
                "beside the weights; when that process is dead, run `python -m ops recover`"
            )
        time.sleep(LOOK)
        live = cloud.live()
    say(f"stopped; live is {text(live.shares) if live else 'nobody'}")
