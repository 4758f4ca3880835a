"""The migration: what the data will be at is recorded, then brought about, before a newcomer's first share.

In: the terms of a walk, the user's command. Out: the schema recorded beside the weights, the command ended with 0; else
a GateError, and the migration counts as begun: what cannot read its schema stays out until `ops schema` says otherwise.
"""

from collections.abc import Callable
from dataclasses import replace

from rollout.contract import Terms
from rollout.errors import GateError
from rollout.means import Means


def bring(
    means: Means, terms: Terms, command: tuple[str, ...], check: Callable[[], None], tell: Callable[[str], None]
) -> None:
    """Record *terms*, and run *command* where its newcomer needs it; without a command somebody else migrates."""
    ahead, version = terms.ahead, terms.migrates
    if ahead is None:
        return
    if not command:
        ahead = replace(ahead, migrating=False)
    if ahead != terms.recorded:
        means.router.set_schema(ahead)
    if command and version:
        run(means, terms, command, check, tell)
        means.router.set_schema(replace(ahead, migrating=False))


def run(
    means: Means, terms: Terms, command: tuple[str, ...], check: Callable[[], None], tell: Callable[[str], None]
) -> None:
    """Run *command* for the newcomer that needs it."""
    ahead, version = terms.ahead, terms.migrates
    if ahead is None or version is None or not command:
        return
    tell(f"{version}: {' '.join(command)}: the data goes to schema {ahead.at}")
    try:
        means.migrate(version, ahead.at, check)
    except GateError as error:
        raise GateError(
            f"{error}; the migration to schema {ahead.at} counts as begun, and what cannot read that is refused: the "
            "same release runs it again, and `python -m ops schema` tells where the data is when it was undone"
        ) from None
