"""What can end a verb, as one tree; each error has its exit code and a message that is complete for its reader.

OpsError              1    it failed; the message says what state things are in
├── EngineError       1    there is no engine, or what it was asked for failed
│   ├── BusyError     4    another update of the stack is on; nothing was changed
│   └── StoppedError  130  an operator stopped it
└── ConfigError       2    wrong usage or config; nothing was changed

Not an error: `status` ends with 3 where live is not what is declared, or a slice with a share is not healthy.
"""


class OpsError(Exception):
    """The verb failed; the message says what state things are in and what to do next."""

    code = 1


class EngineError(OpsError):
    """There is no engine, or what it was asked for failed."""


class BusyError(EngineError):
    """Another update of the stack is on."""

    code = 4


class StoppedError(EngineError):
    """An operator stopped it: Ctrl-C or SIGTERM."""

    code = 130


class ConfigError(OpsError):
    """Wrong usage or config; nothing was changed."""

    code = 2
