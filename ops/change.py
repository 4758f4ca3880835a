"""A change of the stack file, carried out by `up` or taken back.

In: the traffic to declare, releases to add. Out: nothing when `up` went through. When it failed, the file is brought
into line with what is live, so that the next `pulumi up` does nothing by surprise, and the error says how things are.
"""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.settings import Settings
from ops import stackfile
from ops.aws import Cloud
from ops.errors import BusyError, EngineError, OpsError, StoppedError
from ops.facts import State
from ops.stack import Stack
from ops.stackfile import StackFile
from rollout.routers.interface import Live
from rollout.shares import Shares, parse, text


@dataclass(frozen=True, kw_only=True)
class Change:
    """`what` it is for, in words; the `traffic` to declare; `releases` to add, newest unless they come `back`."""

    what: str
    traffic: Mapping[str, int | float]
    releases: Mapping[str, Any]
    back: bool = False


def carry_out(stack: Stack, change: Change, say: Callable[[str], None]) -> None:
    """Write *change* into the stack file and run `up`; *say* gets the progress.

    ConfigError before anything is written when the result would be refused; EngineError when `up` failed.
    """
    before = stackfile.load(stack.file)
    after = before.with_releases(change.releases, change.back).with_traffic(change.traffic)
    settings = _checked(stack, after)
    after.write()
    say(f"{stack.file.name} declares {text(settings.traffic.shares)}")
    try:
        stack.up(f"ops: {change.what}", say)
    except BusyError as error:
        before.write()
        raise BusyError(f"{error}\n{stack.file.name} is as it was before") from None
    except EngineError as error:
        raise type(error)(f"{change.what} failed: {error}\n{_settle(stack, change, before, after)}") from None
    except KeyboardInterrupt:
        raise StoppedError(f"{change.what} was stopped\n{_settle(stack, change, before, after)}") from None


def declared(file: StackFile) -> Shares | None:
    """The shares that *file* declares; None when there are none, or none that can be."""
    try:
        return parse(file.traffic)
    except ValueError:
        return None


def _checked(stack: Stack, file: StackFile) -> Settings:
    """The settings that *file* would make, with the project's defaults, before it is the stack's file."""
    with tempfile.TemporaryDirectory() as folder:
        candidate = Path(folder, file.path.name)
        candidate.write_bytes(file.text.encode())
        return stack.config(candidate).settings()


def _settle(stack: Stack, change: Change, before: StackFile, after: StackFile) -> str:
    """Bring the file into line with what is live after a failed `up`; returns what to tell."""
    name, former = stack.file.name, declared(before)
    settings, state, live, unseen = _look(stack)
    if not stack.file.exists() or stack.file.read_bytes() != after.text.encode():
        return f"{unseen or _said(live)}. {name} was edited meanwhile and stays as it is"
    if live and live.shares == declared(after):
        return f"{_said(live)}, as {name} declares, but the update did not get to its end: run `pulumi up` again"
    if former is None:
        return f"{unseen or _said(live)}. {name} keeps {change.what}, since it declared no traffic before"
    stands = {v: one for v, one in change.releases.items() if settings and state.stands(settings.service.name, v)}
    before.with_releases(stands, change.back).write()
    goes = "keeps to" if live and live.shares == former else "goes back to"
    lines = [
        f"{unseen or _said(live)}. {name} declares {text(former)} again, so the next `pulumi up` {goes} that",
        *(
            f"{v} stays listed at share 0, and its isolation route (X-Slice) reaches it: run the same command to try "
            f"again, or take {v} out of sluice:releases"
            for v in stands
        ),
        *(f"{v} is not listed any more: its slice was not built" for v in change.releases if v not in stands),
    ]
    return "\n".join([*lines, "`python -m ops status` shows how things are"])


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
    walk = f", and a walk is marked: {live.mark}" if live.mark else ""
    return f"live is {text(live.shares)}{walk}"
