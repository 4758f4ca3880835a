"""How long tests wait: for as long as a busy machine may need, which costs nothing where all is well."""

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE = 60.0  # seconds that any wait of a test may take
T = TypeVar("T")


def eventually(
    true: Callable[[], T | None], what: str, seconds: float = PATIENCE, log: Callable[[], str] = lambda: ""
) -> T:
    """Wait until *true* says something true, and return that; else fail with *what* was waited for, and *log*."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}\n{log()}".rstrip()
        time.sleep(0.05)
    return found
