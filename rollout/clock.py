"""Time, passed in: so that tests need not wait."""

import time
from typing import Protocol


class Clock(Protocol):
    """Unix seconds, and a way to wait."""

    def now(self) -> float:
        """Unix seconds."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait *seconds*."""
        ...


class RealClock:
    """The machine's clock."""

    def now(self) -> float:
        """Unix seconds."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait *seconds*."""
        time.sleep(seconds)
