"""The command line of the operator's verbs: it parses, calls, and turns errors into exit codes; it decides nothing."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ops import down as leaving
from ops import gc as sweeping
from ops import looks, pulls
from ops import recover as recovering
from ops import release as releasing
from ops import rollback as returning
from ops import schema as recording
from ops import stop as stopping
from ops.terminal import PROJECT, Ami, Image, Reads, Signature, StackName, TakeOver, Writes, ask, say, stack_of, told

HELP = """Release, roll back, look. Each verb does what a person does by hand: it edits Pulumi.STACK.yaml and runs
`pulumi up`, and the two can be mixed at will.

\b
Exit codes:
  0    done; of status: live is what is declared, and every slice with a share is healthy
  1    it failed; the message says what state things are in
  2    wrong usage or config; nothing was changed
  3    of status: not converged
  4    another update of the stack is on; nothing was changed
  130  interrupted; the message says what state things are in
"""

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help=HELP, rich_markup_mode=None, pretty_exceptions_enable=False
)


@app.command()
def release(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="A new name, such as v42; never used before.")],
    ami: Ami = None,
    image: Image = None,
    *,
    reads: Reads = None,
    writes: Writes = None,
    signature: Signature = None,
    take_over: TakeOver = False,
    stack: StackName = None,
) -> None:
    """Add a release and give it all the traffic."""
    with told():
        releasing.release(
            stack_of(stack),
            version,
            ami,
            image,
            say,
            reads=reads or (),
            writes=writes,
            signature=signature,
            take_over=take_over,
        )


@app.command()
def rollback(
    version: Annotated[
        str | None,
        typer.Argument(metavar="VERSION", help="Where to; else the newest other release that went through."),
    ] = None,
    now: Annotated[bool, typer.Option("--now", help="Move the weights first, by API; ends a walk that is on.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell the plan.")] = False,
    take_over: TakeOver = False,
    stack: StackName = None,
) -> None:
    """Go back to a version, or to the newest other release."""
    with told():
        returning.rollback(stack_of(stack), version, say, now=now, dry_run=dry_run, take_over=take_over)


@app.command()
def stop(
    run: Annotated[
        str | None, typer.Option("--run", metavar="RUN", help="Only this walk, none that came since.")
    ] = None,
    stack: StackName = None,
) -> None:
    """End a walk that is on: the former weights go back."""
    with told():
        stopping.stop(stack_of(stack), say, run=run)


@app.command()
def recover(stack: StackName = None) -> None:
    """Undo a walk whose process is dead, and break its lock."""
    with told():
        recovering.recover(stack_of(stack), say)


@app.command()
def schema(
    at: Annotated[int | None, typer.Argument(metavar="N", help="What it is at, after a change by hand.")] = None,
    stack: StackName = None,
) -> None:
    """Show the schema that the data is recorded to be at, or set it."""
    with told():
        recording.schema(stack_of(stack), at, say)


@app.command()
def gc(
    yes: Annotated[bool, typer.Option("--yes", help="Remove them.")] = False,
    stack: StackName = None,
) -> None:
    """Show what stands beyond `keep` or its day, or remove it."""
    with told():
        sweeping.gc(stack_of(stack), say, yes=yes)


@app.command()
def down(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the stack's name.")] = False,
    stack: StackName = None,
) -> None:
    """Take every slice away; network, load balancer and data stay."""
    with told():
        leaving.down(stack_of(stack), say, None if yes else ask)


@app.command()
def signature(
    image: Annotated[str, typer.Argument(metavar="REPO@sha256:…", help="The image, by digest.")],
) -> None:
    """Print what cosign signed of an image, for --signature."""
    from ops import signature as signing  # noqa: PLC0415  the other verbs ask no registry

    with told():
        say(signing.signature(image))


@app.command()
def serve(
    settings: Annotated[Path, typer.Option(metavar="FILE", help="Its settings.")] = PROJECT / "pipeline.yaml",
) -> None:
    """Hear of new images, and release them as they come."""
    from ops import serve as serving  # noqa: PLC0415  the other verbs need no web server

    with told():
        serving.serve(settings, say)


@app.command()
def password() -> None:
    """Make what an operator's file holds for the receiver's page."""
    from ops import serve as serving  # noqa: PLC0415

    with told():
        if sys.stdin.isatty():
            given = typer.prompt("password", hide_input=True, confirmation_prompt=True, err=True)
        else:
            given = sys.stdin.readline().rstrip("\n")
        say(serving.hashed(given))


app.add_typer(pulls.app, name="preview")
for look in (looks.status, looks.plan, looks.watch, looks.history, looks.report):
    app.command()(look)
