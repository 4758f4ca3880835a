"""What can end a walk, as one tree; each message is complete for the person who reads it.

RolloutError
├── RouterError      the router could not be read, written, or never agreed
├── BusyError        another walk is on: its owner is alive
├── ForeignError     the live weights or the mark are nobody's we know
├── RefusedError     what is asked for cannot be walked to safely
├── StoodDownError   weights or mark changed under our walk: left as they are
├── UnhealthyError   a slice that should gain share was not healthy in time
└── StoppedError     an operator stopped the walk
"""


class RolloutError(Exception):
    """Ends a walk; the message says what was found and how things are now."""


class RouterError(RolloutError):
    """The router could not be read or written, or did not agree with what was written."""


class BusyError(RolloutError):
    """Another walk is on and its owner is alive."""


class ForeignError(RolloutError):
    """The live weights or the mark were set by nobody this program knows."""


class RefusedError(RolloutError):
    """What is asked for cannot be walked to safely; nothing was moved."""


class StoodDownError(RolloutError):
    """Someone else changed the weights or the mark during the walk; they are left as found."""


class UnhealthyError(RolloutError):
    """A slice that should gain share did not become healthy in time."""


class StoppedError(RolloutError):
    """An operator stopped the walk: Ctrl-C, SIGTERM, or the mark's stop."""
