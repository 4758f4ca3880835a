"""Time, passed in: so that tests need not wait, and a stop cuts a sleep short."""

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Unix seconds, and a sleep that may end early."""

    def now(self) -> float:
        """Unix seconds."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait *seconds*, or less when a stop is asked for."""
        ...


class RealClock:
    """The machine's clock; setting *stop* ends every sleep."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop

    def now(self) -> float:
        """Unix seconds."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait *seconds*, or until *stop* is set."""
        self._stop.wait(seconds)
