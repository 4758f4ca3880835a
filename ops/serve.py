"""`serve`: the receiver of hooks, with this project's verbs.

In: its file of settings. Out: nothing, once it is told to end; ConfigError when it cannot begin.
"""

from collections.abc import Callable
from pathlib import Path

from ops.errors import ConfigError
from ops.terminal import PROJECT
from pipeline import serve as receiver
from pipeline.errors import SettingsError
from pipeline.page import password
from pipeline.settings import load


def serve(file: Path, say: Callable[[str], None]) -> None:
    """Listen, and release what comes, by the settings in *file*."""
    try:
        receiver.serve(load(file), PROJECT, say)
    except SettingsError as error:
        raise ConfigError(str(error)) from None


def hashed(given: str) -> str:
    """What the file of an operator with the password *given* holds; ConfigError when it can be guessed."""
    try:
        return password.hashed(given)
    except ValueError as error:
        raise ConfigError(str(error)) from None
