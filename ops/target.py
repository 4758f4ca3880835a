"""Where a rollback goes: the newest other release that went through, or a version by name.

In: the stack's history, newest first. Out: `Target`, the shares to declare and the entries of releases that left.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ops.change import declared
from ops.errors import ConfigError, OpsError
from ops.facts import Update
from ops.stack import Stack
from ops.stackfile import StackFile
from rollout.shares import WHOLE, Shares, text


@dataclass(frozen=True)
class Target:
    """The `shares` to go back to, the `entries` to list again, and `why` it is this one, in words."""

    shares: Shares
    entries: Mapping[str, Any]
    why: str


def target(stack: Stack, file: StackFile, version: str | None) -> Target:
    """All traffic to *version*, or the newest other release's; ConfigError when *version* is unknown, else OpsError."""
    if version is not None:
        entries = {} if version in file.releases else {version: published(stack.updates(), version, file.releases)}
        return Target({version: WHOLE}, entries, f"{version} by name")
    update = former(stack.updates(), declared(file))
    shares = update.traffic or {}
    gone = {one: update.releases[one] for one in shares if one not in file.releases}
    return Target(shares, gone, f"the update of {update.at:%Y-%m-%d %H:%M:%S} UTC went through with {text(shares)}")


def former(updates: Iterable[Update], present: Shares | None) -> Update:
    """The newest of *updates* that went through and in which something that has a share at *present* had none.

    So a step on the way to the present is none, and neither is what failed or was restored. OpsError names all it
    looked at.
    """
    looked = []
    for update in updates:
        if update.result == "succeeded" and update.traffic and not set(present or {"": 0}) <= set(update.traffic):
            return update
        shown = text(update.traffic) if update.traffic else "unreadable traffic"
        looked.append(f"  {update.at:%Y-%m-%d %H:%M:%S} UTC {update.result}: {shown}")
    seen = "\n".join(["looked at, newest first:", *looked]) if looked else "the stack's history is empty"
    raise OpsError(
        f"no update went through without the present {text(present or {})}, so there is nothing to go back to; {seen}\n"
        "To go to a version that is listed: `python -m ops rollback VERSION`. Nothing was changed"
    )


def published(updates: Iterable[Update], version: str, listed: Mapping[str, Any]) -> Any:
    """The entry of *version* in the newest of *updates* that went through with it; ConfigError when none did.

    What was a preview then was no release.
    """
    seen = dict.fromkeys(listed)
    for update in (one for one in updates if one.result == "succeeded"):
        released = {one: entry for one, entry in update.releases.items() if one not in update.previews}
        if version in released:
            return released[version]
        seen |= dict.fromkeys(released)
    raise ConfigError(
        f"{version} is neither in sluice:releases nor in the stack's history; known: {', '.join(seen) or 'none'}"
    )
