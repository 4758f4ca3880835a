"""What can end a walk, as one tree; each message is complete for the person who reads it.

RolloutError
├── RouterError      the router could not be read, written, or never agreed
├── BusyError        another walk is on: its owner is alive
├── ForeignError     the live weights or the mark are nobody's we know
├── RefusedError     what is asked for cannot be walked to safely
├── StoodDownError   weights or mark changed under our walk: left as they are
├── UnhealthyError   a slice that gains share was not healthy in time, or is not any more
├── WorseError       a newcomer was shown to be worse than the incumbent
├── InconclusiveError  a gate was neither passed nor failed by the deadline, or its source could not be read
├── GateError        the command gate refused
├── MetricsError     a metric source could not be read
└── StoppedError     an operator stopped the walk
"""


class RolloutError(Exception):
    """Ends a walk; the message says what was found and how things are now."""


class RouterError(RolloutError):
    """The router could not be read or written, or did not agree with what was written.

    `passing`: it may go by itself (throttled, no connection), so that the same call may be tried again.
    """

    def __init__(self, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing


class BusyError(RolloutError):
    """Another walk is on and its owner is alive."""


class ForeignError(RolloutError):
    """The live weights or the mark were set by nobody this program knows."""


class RefusedError(RolloutError):
    """What is asked for cannot be walked to safely; nothing was moved."""


class StoodDownError(RolloutError):
    """Someone else changed the weights or the mark during the walk; they are left as found."""


class UnhealthyError(RolloutError):
    """A slice that gains share did not become healthy in time, or is not any more."""


class WorseError(RolloutError):
    """A newcomer was shown to be worse than the incumbent."""


class InconclusiveError(RolloutError):
    """A gate was neither passed nor failed by the deadline, or its source could not be read."""


class GateError(RolloutError):
    """The command gate refused the newcomer."""


class MetricsError(RolloutError):
    """A metric source could not be read."""


class StoppedError(RolloutError):
    """An operator stopped the walk: Ctrl-C, SIGTERM, or the mark's stop."""
