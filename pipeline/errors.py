"""What can go wrong on the way from a hook to a release, as one tree.

PipelineError             the message is complete for a person
├── SettingsError         the file of settings is wrong; nothing was begun
├── RefusedError          a request is not answered by more than its `status`
├── RegistryError         a registry cannot be asked now; later it may be
└── TellError             who is to be told of a release could not be; later it may be
"""


class PipelineError(Exception):
    """The message is complete for a person."""


class SettingsError(PipelineError):
    """The file of settings is wrong; nothing was begun."""


class RefusedError(PipelineError):
    """A request is refused with `status`; the message tells the sender no more than it has to know."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class RegistryError(PipelineError):
    """A registry cannot be asked now."""


class TellError(PipelineError):
    """Who is to be told of a release could not be."""
