"""The file in which the backlog is kept: SQLite, made where it is missing, migrated where an older version made it.

In: its path. Out: a connection; OSError or sqlite3.Error when there is none to be had.
"""

import sqlite3
from pathlib import Path

SCHEMA = Path(__file__).with_name("backlog.sql").read_text(encoding="utf-8")


def opened(file: Path) -> sqlite3.Connection:
    """A connection to *file* that any thread may use, one at a time."""
    file.parent.mkdir(parents=True, exist_ok=True)
    base = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
    base.execute("pragma journal_mode = wal")
    base.execute("pragma synchronous = full")  # what was answered with 202 outlives a power cut
    base.executescript(SCHEMA)
    if "signature" not in [name for _, name, *_ in base.execute("pragma table_info(release)")]:
        base.execute("alter table release add column signature text not null default ''")
    return base
