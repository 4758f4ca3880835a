"""`report [RUN]`: the page of a walk, the newest when none is named.

In: the journal. Out: `<run>.html` beside the entry, or in the project's folder when that is in S3; where it is.
"""

from itertools import islice
from pathlib import Path

from ops.errors import ConfigError, OpsError
from ops.journal import pages, walks
from ops.stack import Stack
from rollout.reports import report as reports
from rollout.stores import Store

SHOWN = 10  # runs that are named when the one that is asked for is not there


def report(stack: Stack, store: Store, run: str | None, now: float) -> Path:
    """Write the page of *run* as it stands *now* (unix seconds); its path.

    ConfigError names the newest runs that there are, OpsError says why the page cannot be written.
    """
    entry = store.entry(run) if run else next(walks(store, stack), None)
    if entry is None:
        known = [one.run for one in islice(walks(store, stack), SHOWN)]
        raise ConfigError(
            f"the journal in {store} has no walk {run}; the newest are {', '.join(known)}"
            if known
            else f"the journal in {store} has no walk of stack {stack.short} yet"
        )
    folder = pages(stack, store)
    try:
        return reports.write(entry, folder, now)
    except OSError as error:
        raise OpsError(f"the report cannot be written to {folder}: {error}") from None
