"""The operator's wish to end, as the program gets it: SIGINT.

In: SIGINT, into which the language host turns Ctrl-C, SIGTERM and a CI runner's cancel; it kills the program 5 s later.
Out: `stop`, which a walk polls, and an end of the program as soon as nothing has to be put back any more. Without that
the engine would wait those 5 s for a program that waits for the engine.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SAID_WHY = 32  # a program's exit code, to both language hosts, after an error it has shown itself
TELL = 0.3  # seconds for a hook's error to reach the engine


class Interrupt:
    """One program's; everything but `stop` is used in the main thread only."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._holders = 0

    def listen(self) -> None:
        """From now on SIGINT is ours."""
        signal.signal(signal.SIGINT, lambda *_: self._ask())

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Keep the program alive after SIGINT while the block runs: it has something to put back."""
        self._holders += 1
        try:
            yield
        finally:
            self._holders -= 1
            if self.stop.is_set() and not self._holders:
                asyncio.get_running_loop().call_later(TELL, _leave)

    def _ask(self) -> None:
        self.stop.set()
        if not self._holders:
            _leave()


def _leave() -> None:
    os._exit(SAID_WHY)
