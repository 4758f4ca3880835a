"""The verbs of `preview`, for the slices of pull requests: they parse, call and show; they decide nothing."""

from pathlib import Path
from typing import Annotated

import typer

from ops import preview, proposal
from ops.entry import entry
from ops.errors import ConfigError
from ops.terminal import Ami, Image, Reads, Signature, StackName, TakeOver, Writes, say, stack_of, told
from rollout.clock import RealClock

app = typer.Typer(no_args_is_help=True, help="Give a pull request a slice of its own, without any share.")

Pull = Annotated[int, typer.Argument(metavar="PULL", min=1, help="The number of the pull request.")]


@app.command("open")
def open_(
    pull: Pull,
    ami: Ami = None,
    image: Image = None,
    *,
    declared_in: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The pull request's stack file: of what it declares anew.")
    ] = None,
    reads: Reads = None,
    writes: Writes = None,
    signature: Signature = None,
    stack: StackName = None,
) -> None:
    """Build its slice at share 0, in place of its last push's."""
    with told():
        of = stack_of(stack)
        if declared_in is None:
            made = entry(f"preview open {pull}", ami, image, reads=reads or (), writes=writes, signature=signature)
            found = proposal.of_artifact(of, pull, made)
        elif ami or image or reads or signature or writes is not None:
            raise ConfigError("--declared-in FILE says all of it; leave it or the other options out")
        else:
            found = proposal.declared_in(of, pull, declared_in)
        if found:
            preview.opened(of, found, say, RealClock())
        else:
            say(f"{declared_in} declares no new release")
            preview.closed(of, pull, say)


@app.command()
def promote(
    pull: Pull,
    take_over: TakeOver = False,
    stack: StackName = None,
) -> None:
    """Release its slice as it stands: nothing is built anew."""
    with told():
        preview.promoted(stack_of(stack), pull, say, take_over=take_over)


@app.command()
def close(pull: Pull, stack: StackName = None) -> None:
    """Remove its slice."""
    with told():
        preview.closed(stack_of(stack), pull, say)


@app.command()
def fetch(
    wait: Annotated[bool, typer.Option("--wait", help="First for another update to get to its end.")] = False,
    stack: StackName = None,
) -> None:
    """Write previews that stand into a stack file without them."""
    with told():
        of = stack_of(stack)
        if wait:
            preview.await_end(of, RealClock())
        preview.fetched(of, say)
