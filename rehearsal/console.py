"""What the verbs of `python -m rehearsal` have in common: the home, and how they speak."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

PROJECT = Path(__file__).resolve().parents[1]
DEFAULT_HOME = PROJECT / ".sluice" / "rehearsal"

Home = Annotated[
    Path,
    typer.Option("--home", envvar="SLUICE_REHEARSAL", help="The folder of this cloud's files.", show_default=False),
]

out = Console(highlight=False, soft_wrap=True)
err = Console(highlight=False, soft_wrap=True, stderr=True)


def say(text: str) -> None:
    """Progress, on standard error."""
    err.print(text, markup=False)


def fail(text: str, code: int = 1) -> NoReturn:
    """End with an error and its exit code."""
    err.print(f"error: {text}", markup=False)
    raise typer.Exit(code)
