"""The verbs of `python -m rehearsal`.

Exit codes: 0 fine; 1 it failed, and the message says what state things are in; 2 wrong usage; 130 interrupted. What a
script may want to read (the AMI id of `image`) is alone on standard output, everything else of it on standard error.
"""

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from rehearsal import engine, fault_options
from rehearsal.cloud import faults as stated
from rehearsal.cloud import images, launch, state
from rehearsal.console import DEFAULT_HOME, Home, err, fail, out, say
from rehearsal.docker import cli as docker
from rehearsal.environment import environment
from rehearsal.status import overview

app = typer.Typer(add_completion=False, no_args_is_help=True, help="A local AWS to rehearse releases on.")
app.add_typer(docker.app, name="docker")

T = TypeVar("T")


@app.command()
def up(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="The listener's port; else a free one.")] = None,
    home: Home = DEFAULT_HOME,
) -> None:
    """Start the cloud and wait until it is ready."""
    with err.status("starting the rehearsal cloud"):
        ready = _try(lambda: launch.launch(home.absolute(), port, say))
    out.print(f"listener  {ready.url}   (serves the first load balancer, once there is one)")
    out.print(f"endpoint  {ready.endpoint}   (the AWS API)")
    out.print("go on     python -m rehearsal shell -- pulumi up     (or without a command: a shell)")


@app.command()
def down(home: Home = DEFAULT_HOME) -> None:
    """End the cloud with all its instances, and take its Pulumi state away."""
    with err.status("taking the rehearsal cloud down"):
        was_there = _try(lambda: launch.take_down(home.absolute(), say))
    out.print("the rehearsal cloud is down" if was_there else "no rehearsal cloud is running")


@app.command()
def status(home: Home = DEFAULT_HOME) -> None:
    """Show the endpoint, the fleets with their health, and the weights."""
    running = _running(home.absolute())
    for part in overview(running, stated.Stated(home.absolute()).now()):
        out.print(part)


@app.command()
def shell(
    command: Annotated[list[str] | None, typer.Argument(help="A command, after --; else your shell.")] = None,
    home: Home = DEFAULT_HOME,
) -> None:
    """Run a command, or a shell, in which Pulumi and AWS clients speak to the cloud."""
    _running(home.absolute())
    if engine.find() is None:
        fail("no Pulumi engine is there; get one with `make setup`")
    inside = environment(home.absolute())
    raise typer.Exit(_run(command or [os.environ.get("SHELL") or "/bin/sh"], inside))


@app.command()
def image(
    name: Annotated[str, typer.Argument(help="A name for people.")],
    command: Annotated[list[str], typer.Argument(help="The command that a machine runs at boot, after --.")],
    home: Home = DEFAULT_HOME,
) -> None:
    """Register a machine image and print its AMI id."""
    typer.echo(images.register(home.absolute(), name, command, Path.cwd()))


@app.command()
def faults(
    *,
    throttle: fault_options.Throttle = None,
    delay: fault_options.Delay = None,
    lose_reply: fault_options.LoseReply = None,
    expire_token: fault_options.ExpireToken = None,
    late_weights: fault_options.LateWeights = 0.0,
    late_reads: fault_options.LateReads = 0.0,
    kill: fault_options.Kill = None,
    slow_boot: fault_options.SlowBoot = 0.0,
    flap: fault_options.Flap = None,
    metrics_lag: fault_options.MetricsLag = 0.0,
    metrics_gone: fault_options.MetricsGone = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Make the running cloud misbehave until told otherwise.

    Each call states all faults anew, and counts anew: what it does not name is over. Without an option there are none.

    An ACTION is written as in an IAM policy: ModifyRule, Describe*, ec2:*. Most options may be given several times.
    """
    _running(home.absolute())
    try:
        wanted = fault_options.faults(
            throttle=throttle,
            delay=delay,
            lose_reply=lose_reply,
            expire_token=expire_token,
            late_weights=late_weights,
            late_reads=late_reads,
            kill=kill,
            slow_boot=slow_boot,
            flap=flap,
            metrics_lag=metrics_lag,
            metrics_gone=metrics_gone,
        )
    except stated.FaultError as error:
        fail(str(error), 2)
    stated.write(home.absolute(), wanted)
    out.print(f"faults  {str(wanted) or 'none'}", markup=False)


@app.command()
def demo(
    *,
    containers: Annotated[bool, typer.Option("--containers", help="On real Docker, instead of the local AWS.")] = False,
) -> None:
    """Play releases, a refused one and a rollback under load, on a cloud of its own."""
    from rehearsal import demo as play  # noqa: PLC0415  matplotlib and all: a second that the other verbs need not wait

    raise typer.Exit(play.main(containers=containers))


def main() -> None:
    """Run the verb that the command line names."""
    try:
        app()
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _running(home: Path) -> state.State:
    found = state.running(home)
    if found is None:
        fail("no rehearsal cloud is running; start it: python -m rehearsal up")
    return found


def _try(act: Callable[[], T]) -> T:
    try:
        return act()
    except launch.CloudError as error:
        fail(str(error))


def _run(command: Sequence[str], inside: dict[str, str]) -> int:
    """The command's exit code, a signal's as shells give it."""
    try:
        with subprocess.Popen(command, env=inside) as process:
            code = _wait(process)
    except OSError as error:
        fail(f"{command[0]}: {error.strerror}", 127)
    return code if code >= 0 else 128 - code


def _wait(process: subprocess.Popen[bytes]) -> int:
    """Ctrl-C is the command's to answer: the terminal sends it to both."""
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue
