"""Waits that notice when the engine stops."""

import threading
import time
from collections.abc import Callable

from rehearsal.provider.errors import StoppedError, UnfinishedError

LOOK_EVERY = (0.1, 1.0)  # seconds between looks, first and longest


def until(what: str, look: Callable[[], str | None], seconds: float, stop: threading.Event) -> None:
    """Wait until *look* answers None; after *seconds*, its last answer is the reason in an UnfinishedError."""
    end = time.monotonic() + seconds
    pause, longest = LOOK_EVERY
    while (missing := look()) is not None:
        if time.monotonic() >= end:
            raise UnfinishedError(f"{what}: not after {seconds:g} s: {missing}")
        if stop.wait(min(pause, max(end - time.monotonic(), 0.01))):
            raise StoppedError(f"{what}: stopped waiting, because the engine is stopping")
        pause = min(pause * 1.5, longest)
