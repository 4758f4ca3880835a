"""The verbs of `python -m rehearsal docker`.

Standard output has the DOCKER_HOST to use and nothing else: `export "$(python -m rehearsal docker up)"`; of `image` the
image's name by digest.
"""

import os
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from rehearsal.console import DEFAULT_HOME, Home, err, fail, say
from rehearsal.docker.errors import DockerError, SampleError
from rehearsal.registry_client import RegistryError

NOBODY = "no Docker daemon answers; start one: python -m rehearsal docker up"

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
def image(
    version: Annotated[str, typer.Argument(help="Its tag, which the sample service answers with.")],
    folder: Annotated[Path | None, typer.Argument(help="Of a Dockerfile; the sample service when left out.")] = None,
    home: Home = DEFAULT_HOME,
) -> None:
    """Build an image, push it to a registry on loopback, and print its name by digest."""
    import docker  # noqa: PLC0415
    from docker.errors import DockerException  # noqa: PLC0415

    from rehearsal import registry  # noqa: PLC0415
    from rehearsal.docker import daemon, sample  # noqa: PLC0415

    found = daemon.find(home.absolute(), os.environ)
    if found is None:
        fail(NOBODY)
    try:
        with closing(docker.DockerClient(base_url=found.host, version="auto")) as client:
            name = f"shop:{version}"
            if folder:
                client.images.build(path=str(folder), tag=name, rm=True, forcerm=True)
            else:
                sample.build(client, name, f"ENV BUILT={version}")
            typer.echo(registry.start(home.absolute() / "registry").push(client, name, name))
    except (DockerException, TypeError, SampleError, RegistryError) as error:  # TypeError: the SDK's, of no folder
        fail(" ".join(str(error).split()))


@app.command()
def down(home: Home = DEFAULT_HOME) -> None:
    """End the daemon below the home, with its containers and images, and the registry; any other is left alone."""
    from rehearsal import registry  # noqa: PLC0415
    from rehearsal.docker import daemon  # noqa: PLC0415

    try:
        registry.stop(home.absolute() / "registry")
        with err.status("ending the Docker daemon"):
            was_there = daemon.take_down(home.absolute(), say)
    except (DockerError, RegistryError) as error:
        fail(str(error))
    say("the Docker daemon is down" if was_there else "no Docker daemon of its own is running")


@app.command()
def status(home: Home = DEFAULT_HOME) -> None:
    """Show which daemon is used."""
    from rehearsal.docker import daemon  # noqa: PLC0415

    found = daemon.find(home.absolute(), os.environ)
    if found is None:
        fail(NOBODY)
    say(f"Docker {found.version}, {'its own' if found.ours else 'not started here'}")
    typer.echo(f"DOCKER_HOST={found.host}")
