"""The journal of a stack, opened where its settings say.

In: a stack and its settings. Out: the store, and the folder on this machine in which pages of it are written.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi

from components.control import journal_place
from components.drivers import drivers
from components.settings import Settings
from ops.errors import ConfigError, OpsError
from ops.stack import Stack
from rollout.journal import Entry
from rollout.stores import FolderJournal, Store, journal


def opened(stack: Stack, settings: Settings, say: Callable[[str], None]) -> Store:
    """The journal of *stack*; *say* gets what cannot be read. OpsError when there is no way to S3."""

    def s3() -> Any:
        try:
            return drivers(settings).s3()
        except pulumi.RunError as error:
            raise OpsError(str(error)) from None

    place = journal_place(settings, stack.short)
    if "://" not in place:
        return FolderJournal(stack.file.parent / Path(place).expanduser(), say)
    try:
        return journal(place, s3, say)
    except ValueError as error:
        raise ConfigError(f"sluice:journal: {error}") from None


def walks(store: Store, stack: Stack) -> Iterator[Entry]:
    """The walks of *stack* in *store*, the last written first; others' may lie there too."""
    return (entry for entry in store.latest() if entry.stack == stack.short)


def pages(stack: Stack, store: Store) -> Path:
    """Where pages are written: beside the entries when they are on this machine."""
    return store.folder if isinstance(store, FolderJournal) else stack.file.parent / ".sluice" / "journal" / stack.short
