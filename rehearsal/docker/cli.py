"""The verbs of `python -m rehearsal docker`.

Standard output has the DOCKER_HOST to use and nothing else: `export "$(python -m rehearsal docker up)"`.
"""

import os
from typing import Annotated

import typer

from rehearsal.console import DEFAULT_HOME, Home, err, fail, say
from rehearsal.docker.errors import DockerError

app = typer.Typer(no_args_is_help=True, help="A Docker daemon to rehearse on: yours, or one of its own.")


@app.command()
def up(
    home: Home = DEFAULT_HOME,
    *,
    install: Annotated[bool, typer.Option("--install", help="Install docker.io with apt-get if need be.")] = False,
) -> None:
    """Use the daemon that answers, or start one below the home."""
    from rehearsal.docker import daemon  # noqa: PLC0415  the SDK: a moment that the other verbs need not wait

    try:
        found = daemon.launch(home.absolute(), os.environ, say, install=install)
    except DockerError as error:
        fail(str(error))
    say(f"Docker {found.version}, {'its own' if found.ours else 'which was there already'}")
    typer.echo(f"DOCKER_HOST={found.host}")


@app.command()
def down(home: Home = DEFAULT_HOME) -> None:
    """End the daemon below the home, with its containers and images; any other is left alone."""
    from rehearsal.docker import daemon  # noqa: PLC0415

    try:
        with err.status("ending the Docker daemon"):
            was_there = daemon.take_down(home.absolute(), say)
    except DockerError as error:
        fail(str(error))
    say("the Docker daemon is down" if was_there else "no Docker daemon of its own is running")


@app.command()
def status(home: Home = DEFAULT_HOME) -> None:
    """Show which daemon is used."""
    from rehearsal.docker import daemon  # noqa: PLC0415

    found = daemon.find(home.absolute(), os.environ)
    if found is None:
        fail("no Docker daemon answers; start one: python -m rehearsal docker up")
    say(f"Docker {found.version}, {'its own' if found.ours else 'not started here'}")
    typer.echo(f"DOCKER_HOST={found.host}")
