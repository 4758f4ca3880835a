"""Signals on their way to the engine: each SIGINT or SIGTERM that `ops` gets becomes one SIGINT there.

The engine runs in a process group of its own, so a terminal's Ctrl-C reaches `ops` alone; handed on, it is exactly what
a plain `pulumi up` would get: one lets the walk restore, a second one ends the engine at once.
"""

import signal
import subprocess

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Relay:
    """While it is entered, signals go on to the process it was told of; `received` counts them."""

    def __init__(self) -> None:
        self.received = 0
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Relay":
        self._before = {number: signal.signal(number, self._hand_on) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def started(self, process: "subprocess.Popen[str]") -> None:
        """Hand on to *process* from now on, and what came before it was there."""
        self._process = process
        for _ in range(self.received):
            process.send_signal(signal.SIGINT)

    def _hand_on(self, *_: object) -> None:
        self.received += 1
        if self._process:
            self._process.send_signal(signal.SIGINT)
