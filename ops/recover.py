"""`recover`: put the weights of a walk whose process is dead back to where it began, and break only its lock.

In: the mark beside the live weights, the engine's locks. Out: the former weights live, no mark, no dead lock. Nothing
when there is nothing to do: a CI job runs it always, as its last step.
"""

import socket
import time
from collections.abc import Callable

from ops.aws import Cloud
from ops.errors import BusyError, OpsError
from ops.locks import Lock
from ops.stack import Stack
from rollout import mark as marks
from rollout.mark import Mark
from rollout.shares import text


def recover(stack: Stack, say: Callable[[str], None]) -> None:
    """Restore the walk of a dead owner; BusyError when its owner is alive, OpsError when it could not be done."""
    state = stack.state()
    if not state.outputs and not state.slices:
        say("nothing is released yet: nothing to recover")
        return
    cloud = Cloud(stack.config().settings(), state)
    live = cloud.live()
    mark = live.mark if live else None
    if mark and marks.is_alive(mark, time.time()):
        raise BusyError(f"the walk {mark} is on; `python -m ops stop` ends it. Nothing was changed")
    if mark:
        said = cloud.restore(mark)
        now = cloud.live()
        if now is None or now.mark or now.shares != mark.start:
            raise OpsError(f"{said}. Live is {text(now.shares) if now else 'nobody'}")
        say(f"{mark} was cut short. {said}")
        say(
            f"the next `pulumi up` walks to what {stack.file.name} declares; to stay where it is now, declare "
            f"{text(mark.start)}"
        )
    _unlock(stack, mark, say)
    if not mark:
        say(f"no walk was cut short; live is {text(live.shares) if live else 'nobody'}")


def _unlock(stack: Stack, mark: Mark | None, say: Callable[[str], None]) -> None:
    found = stack.locks()
    if not found:
        return
    held = [lock for lock in found if not _is_over(lock, mark)]
    if held:
        say(f"the stack stays locked by {', '.join(map(str, held))}: `pulumi cancel` once that has ended")
        return
    stack.cancel()
    say(f"the stack was locked by {', '.join(map(str, found))}, which is dead: unlocked")


def _is_over(lock: Lock, mark: Mark | None) -> bool:
    """Whether nobody can be at work under *lock*: its process is dead, or it is the dead walk's host and user's."""
    dead = lock.is_dead(socket.gethostname())
    if dead is not None:
        return dead
    return mark is not None and (mark.owner.host, mark.owner.user) == (lock.host, lock.user)
