"""`stop`: ask a walk that is on, wherever it runs, to put the former weights back.

In: the mark beside the live weights. Out: what is live once that mark is gone; the walk looks at it each second.
"""

from collections.abc import Callable

from ops.cloud import Cloud
from ops.errors import OpsError
from ops.stack import Stack
from rollout.clock import Clock, RealClock
from rollout.mark import Mark, is_alive
from rollout.routers.interface import Live
from rollout.shares import text

PATIENCE = 15.0  # seconds until a walk that does not answer is called that
LOOK = 0.3  # seconds between two looks


def stop(stack: Stack, say: Callable[[str], None], clock: Clock | None = None, *, run: str | None = None) -> None:
    """End the walk that is on (*run*: only that one); nothing when there is none.

    OpsError when it cannot be, or came to its end first.
    """
    cloud = Cloud(stack.config().settings(), stack.state())
    live = cloud.live()
    if run is not None and (live is None or live.mark is None or live.mark.run != run):
        on = f", and {live.mark} is on" if live and live.mark else ""
        raise OpsError(f"the walk {run} is not on any more: {said(live)}{on}. Nothing was changed")
    if live is None or live.mark is None:
        say(f"no walk is on: {said(live)}. An update that builds is ended by Ctrl-C where it runs")
        return
    after = end(cloud, live.mark, say, clock or RealClock())
    if after is None or after.shares != live.mark.start:
        raise OpsError(f"the walk {live.mark} was over before it could be stopped: {said(after)}")
    say(f"stopped: {said(after)}")


def end(cloud: Cloud, mark: Mark, say: Callable[[str], None], clock: Clock) -> Live | None:
    """What is live once the walk of *mark* has ended, having been asked to; OpsError when it does not end."""
    if not is_alive(mark, clock.now()):
        raise OpsError(
            f"the walk {mark} is not on any more, its process is dead, and {said(cloud.live())}; `python -m ops "
            f"recover` puts {text(mark.start)} back"
        )
    say(f"asking {mark.owner} to put {text(mark.start)} back")
    asked, until = cloud.ask_stop(mark.run), clock.now() + PATIENCE
    while True:
        live = cloud.live()
        if not asked or live is None or live.mark is None or live.mark.run != mark.run:
            return live
        if clock.now() >= until:
            raise OpsError(
                f"{mark.owner} has not put {text(mark.start)} back within {PATIENCE:g} s: {said(live)}. The wish stays "
                "beside the weights, and it does so as soon as it looks; once that process is dead, `python -m ops "
                "recover` does"
            )
        clock.sleep(LOOK)


def said(live: Live | None) -> str:
    """What is live, in words."""
    return f"live is {text(live.shares)}" if live else "nothing splits traffic yet"
