"""A change of the stack file, carried out by `up` or taken back.

In: the change. Out: nothing when `up` went through. When it failed, the file is brought into line with what is live,
so that the next `pulumi up` does nothing by surprise, and the error says how things are.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import replace

from components.settings import Settings
from ops import stackfile
from ops.change import Change, checked, declared
from ops.cloud import Cloud
from ops.errors import BusyError, EngineError, OpsError, StoppedError
from ops.facts import State
from ops.stack import Stack
from ops.stackfile import StackFile
from rollout.clock import Clock, RealClock
from rollout.mark import is_alive
from rollout.routers.interface import Live
from rollout.shares import Shares, text

LOCKED = 60.0  # seconds that an update which was asked to stop may take to let go of the stack


def carry_out(stack: Stack, change: Change, say: Callable[[str], None], clock: Clock | None = None) -> None:
    """Write *change* into the stack file and run `up`; *say* gets the progress.

    ConfigError before anything is written when the result would be refused; EngineError when `up` failed.
    """
    before = stackfile.load(stack.file)
    after = change.made_in(before)
    shares = checked(stack, after).traffic.shares
    after.write()
    say(f"{stack.file.name} declares {text(shares)}")
    try:
        _up(stack, change, say, clock or RealClock())
    except BusyError as error:
        if change.moved:
            raise BusyError(
                f"{error}\n{text(shares)} is live, as {stack.file.name} declares, but not recorded: once that other "
                "update is over, run `pulumi up`"
            ) from None
        before.write()
        raise BusyError(f"{error}\n{stack.file.name} is as it was before") from None
    except EngineError as error:
        raise type(error)(f"{change.what} failed: {error}\n{_settle(stack, change, before, after)}") from None
    except KeyboardInterrupt:
        raise StoppedError(f"{change.what} was stopped\n{_settle(stack, change, before, after)}") from None
    say(f"{change.what}: {text(shares)} is live")


def _up(stack: Stack, change: Change, say: Callable[[str], None], clock: Clock) -> None:
    """`up`; once the weights were moved, it waits for an update that was asked to stop to let go of the stack."""
    until = clock.now() + (LOCKED if change.moved else 0)
    told = False
    while True:
        try:
            stack.up(f"ops: {change.what}", say, change.environment)
            return
        except BusyError:
            if clock.now() >= until:
                raise
        if not told:
            say("another update has the stack locked: waiting for its end")
            told = True
        clock.sleep(1)


def _settle(stack: Stack, change: Change, before: StackFile, after: StackFile) -> str:
    """Bring the file into line with what is live after a failed `up`; returns what to tell."""
    name, former = stack.file.name, declared(before)
    settings, state, live, unseen = _look(stack)
    seen = unseen or _said(live)
    if not stack.file.exists() or stack.file.read_bytes() != after.text.encode():
        return f"{seen}. {name} was edited meanwhile and stays as it is"
    stands = {v for v in (*change.releases, *change.gone) if not settings or state.stands(settings.service.name, v)}
    if change.traffic is None:
        return "\n".join([f"{seen}.", *_list_what_stands(before, change, stands)])
    if live and live.shares == declared(after):
        return f"{seen}, as {name} declares, but the update did not get to its end: run `pulumi up` again"
    if former is None:
        return f"{seen}. {name} keeps {change.what}, since it declared no traffic before"
    before.with_releases({v: one for v, one in change.releases.items() if v in stands}, change.back).write()
    lines = [
        f"{seen}. {name} declares {text(former)} again, so the next `pulumi up` {_goes(live, former)} that",
        *(
            f"{v} stays listed at share 0, and its isolation route (X-Slice) reaches it: run the same command to try "
            f"again, or take {v} out of sluice:releases"
            if v in stands
            else f"{v} is not listed any more: its slice was not built"
            for v in change.releases
        ),
    ]
    return "\n".join([*lines, "`python -m ops status` shows how things are"])


def _list_what_stands(before: StackFile, change: Change, stands: Collection[str]) -> list[str]:
    """Of what was to come or to go without any move of traffic, *before* gets to list what stands.

    But a preview that stands takes the place of the former one, though that stands too: the next `up` removes it.
    """
    came = {version: entry for version, entry in change.releases.items() if version in stands}
    gone = [version for version in change.gone if version not in stands]
    still = [version for version in change.gone if version in stands]
    marks = {version: mark for version, mark in change.previews.items() if version in (*before.releases, *came)}
    after = replace(change, releases=came, gone=change.gone if came else gone, previews=marks).made_in(before)
    after.write()
    lines = [f"{', '.join(gone)} is gone"] if gone else []
    if still:
        listed = "is not listed any more" if came else f"is listed in {before.path.name} again"
        lines.append(f"{', '.join(still)} still stands and {listed}: run this again")
    for version in change.releases:
        lines.append(f"{version} {'stands and is listed: run this again' if version in came else 'was not built'}")
    return lines


def _goes(live: Live | None, former: Shares) -> str:
    if live and live.mark and is_alive(live.mark, time.time()):
        return "is refused as long as that walk is on, and then goes to"
    return "keeps to" if live and live.shares == former else "goes back to"


def _look(stack: Stack) -> tuple[Settings | None, State, Live | None, str]:
    """What is recorded and live, as far as it can be read, and why not all of it could."""
    settings, state = None, State({}, {})
    try:
        settings, state = stack.config().settings(), stack.state()
        return settings, state, Cloud(settings, state).live(), ""
    except OpsError as error:
        return settings, state, None, f"what is live could not be read ({error})"
    except KeyboardInterrupt:
        return settings, state, None, "what is live was not read (stopped again)"


def _said(live: Live | None) -> str:
    if live is None:
        return "nothing splits traffic yet"
    if live.mark is None:
        return f"live is {text(live.shares)}"
    dead = "" if is_alive(live.mark, time.time()) else " (its process is dead: `python -m ops recover` undoes it)"
    return f"live is {text(live.shares)}, and a walk is marked: {live.mark}{dead}"
