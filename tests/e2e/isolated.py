"""Clients that ask each slice by name: whoever else answers is a slice that was not asked."""

import threading
from collections import Counter
from typing import Self

from tests.e2e.dock import Dock

PAUSE = 0.02  # seconds between two rounds


class Isolated:
    """Asks *versions* of *dock* by their isolation routes until `stop`, or while the block runs.

    `answered`: how often, by who was asked and who answered; `failed`: what was said for want of an answer.
    """

    def __init__(self, dock: Dock, *versions: str) -> None:
        self._dock = dock
        self._versions = versions
        self._stop = threading.Event()
        self.answered: Counter[tuple[str, str]] = Counter()
        self.failed: list[str] = []
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> Counter[tuple[str, str]]:
        """Ask nobody any more; all of `answered`."""
        self._stop.set()
        self._thread.join()
        return self.answered

    def _ask(self) -> None:
        while not self._stop.wait(PAUSE):
            for wanted in self._versions:
                try:
                    self.answered[wanted, self._dock.ask(X_Slice=wanted)[1]] += 1
                except (OSError, EOFError) as error:  # nobody answers while nothing stands
                    self.failed.append(f"{wanted}: {error}")
