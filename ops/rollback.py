"""`rollback [VERSION]`: the newest other release's traffic again, or all of it to one version.

In: the stack's history, and what runs. Out: traffic declared, the target's release listed again where it is gone, and
`up`; with `now` the weights are moved by API before. What cannot take the traffic is refused before any change.
"""

from collections.abc import Callable
from dataclasses import replace

from ops import stackfile
from ops.carry import carry_out
from ops.change import TAKE_OVER, Change
from ops.errors import EngineError, OpsError
from ops.now import move
from ops.plan import expected
from ops.prospect import Prospect, prospect
from ops.stack import Stack
from ops.target import target
from rollout.shares import percent, text

UNTOUCHED = "Nothing was changed"


def rollback(
    stack: Stack,
    version: str | None,
    say: Callable[[str], None],
    *,
    now: bool = False,
    dry_run: bool = False,
    take_over: bool = False,
) -> None:
    """Go back to *version*, or to the newest other release that went through; *say* gets the progress.

    *now*: the weights go first, by API, and `up` records it. *dry_run*: only tell what would be done. *take_over*: live
    weights that nobody here set are accepted as the start.
    """
    file = stackfile.load(stack.file)
    to = target(stack, file, version)
    change = Change(
        what=f"roll back to {text(to.shares)}",
        traffic=percent(to.shares),
        releases=to.entries,
        back=True,
        environment=TAKE_OVER if take_over else {},
    )
    ahead = prospect(stack, change.made_in(file), at_once=now)
    if ahead is None:
        raise OpsError(f"nothing is released yet, so there is nothing to go back to. {UNTOUCHED}")
    for line in (to.why, *ahead.lines):
        say(line)
    _require(ahead, now)
    if dry_run:
        _tell(stack, change, now, say)
        return
    if now:
        move(ahead, stack.short, say, take_over=take_over)
    carry_out(stack, replace(change, moved=now), say)


def _require(ahead: Prospect, now: bool) -> None:
    """Refuse what cannot take the traffic."""
    if ahead.forbidden:
        raise OpsError(
            f"{ahead.forbidden}: no traffic can go there. What was deleted beside the program, `pulumi up` makes anew "
            f"(`pulumi preview` shows it), but for an AMI; `python -m ops rollback VERSION` goes elsewhere. {UNTOUCHED}"
        )
    unbuilt = [one.version for one in ahead.gaining if not one.built]
    if now and unbuilt:
        raise OpsError(
            f"--now: {', '.join(unbuilt)} has no slice that could take traffic now; without --now it is built first. "
            f"{UNTOUCHED}"
        )


def _tell(stack: Stack, change: Change, now: bool, say: Callable[[str], None]) -> None:
    """The plan of *change*, as the program's own preview has it; OpsError when `up` would be refused."""
    if now:
        say("first, by API: one move of the weights, once what gains is healthy; then, by `up`:")
    try:
        lines = expected(stack, change.made_in(stackfile.load(stack.file)))
    except EngineError as error:
        raise OpsError(f"`up` would be refused: {error}\n{UNTOUCHED}") from None
    for line in (*lines, UNTOUCHED.lower()):
        say(line)
