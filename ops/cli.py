"""The command line of the operator's verbs: it parses, calls, and turns errors into exit codes; it decides nothing."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ops import plan as planning
from ops import recover as recovering
from ops import release as releasing
from ops import rollback as returning
from ops import status as looking
from ops import stop as stopping
from ops.errors import OpsError, StoppedError
from ops.stack import Stack

PROJECT = Path(__file__).resolve().parents[1]
HELP = """Release, roll back, look. Each verb does what a person does by hand: it edits Pulumi.STACK.yaml and runs
`pulumi up`, and the two can be mixed at will.

\b
Exit codes:
  0    done; of status: live is what is declared, and every slice with a share is healthy
  1    it failed; the message says what state things are in
  2    wrong usage or config; nothing was changed
  3    of status: not converged
  130  interrupted; the message says what state things are in
"""

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help=HELP, rich_markup_mode=None, pretty_exceptions_enable=False
)
out = Console(highlight=False, soft_wrap=True)
err = Console(highlight=False, soft_wrap=True, stderr=True)

StackName = Annotated[
    str | None, typer.Option("--stack", metavar="STACK", help="The stack; else the one that is selected.")
]


@app.command()
def release(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="A new name, such as v42; never used before.")],
    ami: Annotated[str, typer.Option(metavar="AMI", help="The machine image's id.")],
    image: Annotated[
        str | None, typer.Option(metavar="REPO@sha256:…", help="The image, by digest, that the machine's Docker runs.")
    ] = None,
    stack: StackName = None,
) -> None:
    """Add a release and give it all the traffic."""
    with _told():
        releasing.release(Stack(PROJECT, stack), version, ami, image, _say)


@app.command()
def rollback(
    version: Annotated[
        str | None,
        typer.Argument(metavar="VERSION", help="Where to; else the newest other traffic that went through."),
    ] = None,
    stack: StackName = None,
) -> None:
    """Go back to a version, or to earlier traffic."""
    with _told():
        returning.rollback(Stack(PROJECT, stack), version, _say)


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
    stack: StackName = None,
) -> None:
    """Show what is declared, live, and ready."""
    with _told():
        report = looking.survey(Stack(PROJECT, stack))
    if as_json:
        out.print(json.dumps(report.as_json()), markup=False)
    else:
        looking.show(report, out)
    raise typer.Exit(0 if report.converged else 3)


@app.command()
def plan(
    to: Annotated[
        str | None, typer.Option("--to", metavar="VERSION", help="As if all traffic went to VERSION.")
    ] = None,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="For a comment on a pull request.")] = False,
    stack: StackName = None,
) -> None:
    """Show what the next `pulumi up` would do; touches nothing."""
    with _told():
        of = Stack(PROJECT, stack)
        lines = planning.plan(of, to)
        out.print(planning.markdown(of, lines) if as_markdown else "\n".join(lines), markup=False)


@app.command()
def stop(stack: StackName = None) -> None:
    """End a walk that is on: the former weights are back within two seconds."""
    with _told():
        stopping.stop(Stack(PROJECT, stack), _say)


@app.command()
def recover(stack: StackName = None) -> None:
    """Undo a walk whose process was killed, and break its lock; the last step of each CI job."""
    with _told():
        recovering.recover(Stack(PROJECT, stack), _say)


@contextmanager
def _told() -> Iterator[None]:
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


def _say(line: str) -> None:
    out.print(line, markup=False)
