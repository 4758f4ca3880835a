"""`rollback [VERSION]`: the traffic of an earlier update again, or all of it to one version.

In: the stack's history. Out: traffic declared, the target's release listed again where it is gone, and `up`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ops import stackfile
from ops.change import Change, carry_out, declared
from ops.errors import ConfigError, OpsError
from ops.facts import Update
from ops.stack import Stack
from rollout.shares import WHOLE, Shares, percent, text


def rollback(stack: Stack, version: str | None, say: Callable[[str], None]) -> None:
    """Go back to *version*, or to the newest other traffic that an `up` went through with; *say* gets the progress."""
    file = stackfile.load(stack.file)
    if version is None:
        update = former(stack.updates(), declared(file))
        shares, entries = update.traffic or {}, update.releases
        say(f"the update of {update.at:%Y-%m-%d %H:%M:%S} UTC went through with {text(shares)}")
    else:
        shares = {version: WHOLE}
        entries = {} if version in file.releases else {version: published(stack.updates(), version, file.releases)}
    gone = {one: entries[one] for one in shares if one not in file.releases}
    what = f"roll back to {text(shares)}"
    carry_out(stack, Change(what=what, traffic=percent(shares), releases=gone, back=True), say)


def former(updates: Iterable[Update], present: Shares | None) -> Update:
    """The newest of *updates* that went through with other traffic than *present*; OpsError names all it looked at."""
    looked = []
    for update in updates:
        if update.result == "succeeded" and update.traffic and update.traffic != present:
            return update
        shown = text(update.traffic) if update.traffic else "unreadable traffic"
        looked.append(f"  {update.at:%Y-%m-%d %H:%M:%S} UTC {update.result}: {shown}")
    seen = "\n".join(["looked at, newest first:", *looked]) if looked else "the stack's history is empty"
    raise OpsError(
        f"no update went through with other traffic than the present {text(present or {})}, so there is nothing to go "
        f"back to; {seen}\nTo go to a version that is listed: `python -m ops rollback VERSION`. Nothing was changed"
    )


def published(updates: Iterable[Update], version: str, listed: Mapping[str, Any]) -> Any:
    """The entry of *version* in the newest of *updates* that went through with it; ConfigError when none did."""
    seen = dict.fromkeys(listed)
    for update in updates:
        if update.result == "succeeded" and version in update.releases:
            return update.releases[version]
        seen |= dict.fromkeys(update.releases if update.result == "succeeded" else ())
    raise ConfigError(
        f"{version} is neither in sluice:releases nor in the stack's history; known: {', '.join(seen) or 'none'}"
    )
