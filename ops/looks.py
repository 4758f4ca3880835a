"""The verbs that only look: they parse, call and show; they decide nothing and change nothing."""

import json
from typing import Annotated

import typer

from ops import plan as planning
from ops import status as looking
from ops.terminal import StackName, out, stack_of, told


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
        lines = planning.plan(of, to)
        out.print(planning.markdown(of, lines) if as_markdown else "\n".join(lines), markup=False)
