"""The verbs of `python -m images`.

Exit codes: 0 fine; 1 it failed, and the message says why; 2 wrong usage; 130 interrupted. The names of what was built
are alone on standard output, what is told meanwhile is on standard error.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from images import build, fetch, figures
from images.errors import ImageError

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Builds the project's container images.")
out = Console(highlight=False, soft_wrap=True)
err = Console(highlight=False, soft_wrap=True, stderr=True)

Packages = Annotated[
    Path | None, typer.Option("--packages", help="Where fetched packages are kept; else the user's cache folder.")
]
T = TypeVar("T")


@app.command()
def node(
    plain: Annotated[bool, typer.Option("--plain", help="With all symbols, to compare with.")] = False,
    packages: Packages = None,
) -> None:
    """Build sluice/node: Node and nothing else, for an app to be layered on."""
    _tell(_try(lambda: build.build_node(build.connect(), packages or fetch.cache(), _say, plain)))


@app.command()
def router(packages: Packages = None) -> None:
    """Build sluice/router: Envoy, written to and asked by `exec`."""
    _tell(_try(lambda: build.build_router(build.connect(), packages or fetch.cache(), _say)))


@app.command()
def postgres(packages: Packages = None) -> None:
    """Build sluice/postgres, for where the official image cannot be pulled."""
    _tell(_try(lambda: build.build_postgres(build.connect(), packages or fetch.cache(), _say)))


@app.command("figures")
def show_figures(
    images: Annotated[list[str], typer.Argument(help="Names of images that serve HTTP at their port 8080.")],
    times: Annotated[int, typer.Option("--times", min=1, help="Starts of each, in turn; the middle one counts.")] = 9,
) -> None:
    """Measure images beside each other: size to pull and unpacked, time to the first answer, memory."""
    out.print(figures.table(_try(lambda: figures.measure(build.connect(), images, times))))


def main() -> None:
    """Run the verb that the command line names."""
    try:
        app()
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _tell(built: build.Built) -> None:
    for name in built.names:
        out.print(name, markup=False)
    _say(f"{built.size / 1e6:.1f} MB unpacked, {built.id}")


def _try(act: Callable[[], T]) -> T:
    try:
        return act()
    except ImageError as error:
        err.print(f"error: {error}", markup=False)
        raise typer.Exit(1) from None


def _say(text: str) -> None:
    err.print(text, markup=False)
