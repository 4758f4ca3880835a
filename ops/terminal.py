"""What every verb has of the terminal: two streams, the stack it is for, and how whatever ends it is told."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ops.errors import OpsError, StoppedError
from ops.stack import Stack

PROJECT = Path(__file__).resolve().parents[1]

out = Console(highlight=False, soft_wrap=True, emoji=False)
err = Console(highlight=False, soft_wrap=True, emoji=False, stderr=True)

StackName = Annotated[
    str | None, typer.Option("--stack", metavar="STACK", help="The stack; else the one that is selected.")
]
TakeOver = Annotated[bool, typer.Option("--take-over", help="Start from live weights that nobody here set.")]
Ami = Annotated[str | None, typer.Option(metavar="AMI", help="The machine image's id.")]
Image = Annotated[str | None, typer.Option(metavar="REPO@sha256:…", help="The image, by digest.")]
Reads = Annotated[list[int] | None, typer.Option(metavar="N", help="A data schema that it reads; repeatable.")]
Writes = Annotated[int | None, typer.Option(metavar="N", help="The data schema that it writes, and reads.")]
Signature = Annotated[str | None, typer.Option(metavar="SIGNATURE", help="Who built it: BUILDER:… or cosign:…")]


@contextmanager
def told() -> Iterator[None]:
    """Whatever ends a verb is told on standard error, and becomes its exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # to end it is to stop it
    try:
        yield
    except OpsError as error:
        err.print(f"error: {error}", markup=False)
        raise typer.Exit(error.code) from None
    except KeyboardInterrupt:
        err.print("stopped; nothing was changed", markup=False)
        raise typer.Exit(StoppedError.code) from None


def stack_of(name: str | None) -> Stack:
    """The stack *name* of this project, or the selected one."""
    return Stack(PROJECT, name)


def say(line: str) -> None:
    """One line of progress."""
    out.print(line, markup=False)


def ask(question: str) -> str:
    """What is typed as the answer to *question*; nothing where nobody can type."""
    try:
        return err.input(f"{question}: ", markup=False).strip()
    except EOFError:
        return ""
