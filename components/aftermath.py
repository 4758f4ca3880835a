"""What follows a walk: its report, and word to whoever wants it.

In: settings, the walk's entry. Out: a page beside the journal, notifications. Neither can end or undo anything.
"""

import threading
from collections.abc import Callable
from pathlib import Path

from components.control import journal_place
from components.settings import Settings
from rollout import notify
from rollout.journal import Entry
from rollout.reports import report
from rollout.shares import text
from rollout.summary import SPOKEN, outcome, sentence


def finish(settings: Settings, stack: str, stop: threading.Event, say: Callable[[str], None], entry: Entry) -> None:
    """Write the report of *entry* and tell those of `sluice:notify`; nothing when an operator waits for the end."""
    if stop.is_set():
        return
    place = journal_place(settings, stack)
    folder = Path(".sluice", "journal", stack) if place.startswith("s3://") else Path(place)
    try:
        say(f"report: {report.write(entry, folder)}")
    except OSError as error:
        say(f"the report could not be written to {folder}: {error}")
    if settings.notify:
        title = f"{entry.service} ({stack}): {SPOKEN[outcome(entry)]}, {text(entry.start)} → {text(entry.goal)}"
        notify.notify(settings.notify, title, sentence(entry), say)
