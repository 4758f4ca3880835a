"""The verbs that only look: they parse, call and show; they decide nothing and change nothing."""

import json
import sys
import time
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from ops import history as past
from ops import plan as planning
from ops import report as reporting
from ops import status as looking
from ops import watch as watching
from ops.errors import OpsError
from ops.journal import opened, walks
from ops.terminal import StackName, err, out, say, stack_of, told
from rollout.clock import RealClock

WIDTH = 120  # characters of a frame that goes into a file


def status(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
    stack: StackName = None,
) -> None:
    """Show what is declared, live, and ready."""
    with told():
        report = looking.survey(stack_of(stack))
    if as_json:
        out.print(json.dumps(report.as_json()), markup=False)
    else:
        looking.show(report, out)
    raise typer.Exit(0 if report.converged else 3)


def plan(
    to: Annotated[
        str | None, typer.Option("--to", metavar="VERSION", help="As if all traffic went to VERSION.")
    ] = None,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="For a comment on a pull request.")] = False,
    stack: StackName = None,
) -> None:
    """Show what the next `pulumi up` would do; touches nothing."""
    with told():
        of = stack_of(stack)
        try:
            lines = planning.plan(of, to)
        except OpsError as error:
            if as_markdown:  # a comment says this too
                out.print(planning.markdown(of, [f"refused: {error}"]), markup=False)
            raise
        out.print(planning.markdown(of, lines) if as_markdown else "\n".join(lines), markup=False)


def watch(
    once: Annotated[bool, typer.Option("--once", help="One frame; also where there is no terminal.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON each second, on standard output.")] = False,
    stack: StackName = None,
) -> None:
    """Show traffic, health and the walk live, until Ctrl-C."""
    console = Console(highlight=False, width=None if out.is_terminal else WIDTH)
    with told():
        try:
            if as_json:
                watching.stream(stack_of(stack), lambda line: out.print(line, markup=False), RealClock(), once=once)
            else:
                watching.watch(stack_of(stack), console, RealClock(), once=once)
        except KeyboardInterrupt:
            raise typer.Exit(0) from None
        except BrokenPipeError:  # who read the lines is gone
            sys.stdout = None  # it would be flushed into the pipe at the end
            raise typer.Exit(0) from None


def history(
    most: Annotated[int, typer.Option("-n", metavar="N", min=1, help="As many at the most.")] = 20,
    everything: Annotated[bool, typer.Option("--all", help="Updates that moved nothing, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array on standard output.")] = False,
    stack: StackName = None,
) -> None:
    """Show each release: when, who, verdict, seconds, evidence."""
    with told():
        of = stack_of(stack)
        store = opened(of, of.config().settings(), _warn)
        now = datetime.now(UTC)
        found = past.history(of.updates(), walks(store, of), most, now, everything=everything)
    if as_json:
        out.print(json.dumps([one.as_json() for one in found]), markup=False)
    else:
        past.show(found, out)


def report(
    run: Annotated[str | None, typer.Argument(metavar="RUN", help="As in `history --json`; else the newest.")] = None,
    stack: StackName = None,
) -> None:
    """Write the page of a walk, and say where it is."""
    with told():
        of = stack_of(stack)
        store = opened(of, of.config().settings(), _warn)
        say(str(reporting.report(of, store, run, time.time())))


def _warn(line: str) -> None:
    err.print(f"warning: {line}", markup=False)
