"""The command line of the operator's verbs: it parses, calls, and turns errors into exit codes; it decides nothing."""

from typing import Annotated

import typer

from ops import looks
from ops import recover as recovering
from ops import release as releasing
from ops import rollback as returning
from ops import stop as stopping
from ops.terminal import StackName, say, stack_of, told

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
    with told():
        releasing.release(stack_of(stack), version, ami, image, say)


@app.command()
def rollback(
    version: Annotated[
        str | None,
        typer.Argument(metavar="VERSION", help="Where to; else the newest other traffic that went through."),
    ] = None,
    stack: StackName = None,
) -> None:
    """Go back to a version, or to earlier traffic."""
    with told():
        returning.rollback(stack_of(stack), version, say)


@app.command()
def stop(stack: StackName = None) -> None:
    """End a walk that is on: the former weights are back within two seconds."""
    with told():
        stopping.stop(stack_of(stack), say)


@app.command()
def recover(stack: StackName = None) -> None:
    """Undo a walk whose process was killed, and break its lock; the last step of each CI job."""
    with told():
        recovering.recover(stack_of(stack), say)


for look in (looks.status, looks.plan):
    app.command()(look)
