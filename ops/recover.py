"""`recover`: undo the walk of a process that is dead, and break only its lock.

In: the mark beside the live weights, the engine's locks. Out: the former weights live, no mark, no dead lock; nothing
when there is nothing to do: a CI job runs it always, as its last step.
"""

import time
from collections.abc import Callable

from components.settings import PROJECT
from ops import stackfile
from ops.change import declared
from ops.cloud import Cloud
from ops.errors import BusyError
from ops.facts import State
from ops.stack import Stack
from ops.stop import said
from rollout.mark import Mark, is_alive
from rollout.shares import Shares, text


def recover(stack: Stack, say: Callable[[str], None]) -> None:
    """Undo a dead owner's walk; BusyError when the owner is alive, OpsError when it could not be done."""
    state = stack.state()
    mark = _undo(stack, state, say) if PROJECT in state.outputs else None
    broken = _unlock(stack, mark, say)
    if not mark and not broken:
        say("nothing to recover")


def _undo(stack: Stack, state: State, say: Callable[[str], None]) -> Mark | None:
    """The mark of the dead walk that was undone; None when there is none."""
    settings = stack.config().settings()
    cloud = Cloud(settings, state)
    live = cloud.live()
    mark = live.mark if live else None
    if live is None or mark is None:
        return None
    left = mark.until - time.time()
    if is_alive(mark, time.time()):
        raise BusyError(
            f"a walk is on: {mark}, and {said(live)}; its owner is alive, or cannot be seen from here and has renewed "
            f"its mark, which lasts {left:.0f} s more. `python -m ops stop` ends it. Nothing was changed"
        )
    say(f"a walk was cut short: {mark}, and {said(live)}")
    cloud.recover(live, say)
    now = cloud.live()
    healths = {version: cloud.health(version) for version in mark.start}
    ill = [str(one or f"{v}: its slice is gone") for v, one in healths.items() if one is None or not one.ready]
    say("; but ".join([f"recovered: {said(now)}", *ill]))
    say(_next(stack, state.shares, mark.start))
    return mark


def _next(stack: Stack, recorded: Shares | None, live: Shares) -> str:
    """What the next `pulumi up` will do."""
    name, wanted = stack.file.name, declared(stackfile.load(stack.file))
    if wanted is None or wanted == live:
        return f"the next `pulumi up` has nothing to move: {name} declares {text(live)}"
    if recorded not in (None, live):
        return (
            f"{name} declares {text(wanted)}, and recorded is {text(recorded)}: to walk there from {text(live)}, run "
            "`pulumi up` with SLUICE_TAKE_OVER=yes"
        )
    return f"the next `pulumi up` walks to {text(wanted)}, as {name} declares; to stay, declare {text(live)}"


def _unlock(stack: Stack, cut_short: Mark | None, say: Callable[[str], None]) -> bool:
    """Break the locks when all of their owners are dead; whether there was any."""
    locks = stack.locks()
    if not locks:
        return False
    held = [lock for lock in locks if not lock.is_dead(cut_short)]
    if held:
        say(
            f"the stack is locked by {', '.join(map(str, held))}, which is alive as far as can be seen from here: not "
            "broken. Wait for it; `pulumi cancel` breaks every lock"
        )
        return True
    stack.cancel()
    say(f"the stack was locked by {', '.join(map(str, locks))}, which is dead: the lock is broken")
    return True
