"""What a release of containers costs its clients, beside two other ways: `python -m bench.containers`.

Out: for `pulumi up`, for nginx with a reload and for `docker stop; docker run`, each in turn under the same load:
failed requests per million of clients that keep connections and do not retry; a release's seconds over what none can
do without; throughput over direct; and how soon after the weights were asked for the first request comes under them.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench import shift, throughput
from bench.dock import DRAIN, dock
from bench.ground import BenchError
from bench.shift import Move
from bench.throughput import Throughput
from bench.turns import CONNECTIONS, Turn, Way, floor, play, sums
from rehearsal.load import Load

CEILING = 3.0  # seconds in which the load's own ceiling is looked for


@dataclass(frozen=True)
class Found:
    """All that one run measured; `ceiling`: requests a second that the load reaches where nothing holds it back."""

    turns: Sequence[Turn]
    moves: Sequence[Move]
    limited: Sequence[Throughput]
    free: Sequence[Throughput]
    ceiling: float


def main(
    releases: Annotated[int, typer.Option(min=2, help="of each way")] = 20,
    requests: Annotated[int, typer.Option(min=1, help="of each way, at least")] = 300_000,
    rate: Annotated[float, typer.Option(min=1, help="requests a second")] = 600.0,
    seconds: Annotated[int, typer.Option(min=1, help="of each look at throughput")] = 5,
) -> None:
    """Measure, and print tables; exit code 1 when something did not go through, or a request of ours failed."""
    console = Console(highlight=False, soft_wrap=True)

    def say(text: str) -> None:
        console.print(text, markup=False, style="dim")

    try:
        with dock(releases, say) as (ours, ways, versions):
            each = -(-requests // releases)
            turns = []
            for number, version in enumerate(versions):
                for way in _rotated(ways, number):
                    turns.append(play(way, version, rate, each))
                    say(told(version, turns[-1]))
            moves = shift.moves(ours, rate, releases // 2)
            limited = [throughput.measure(way, 3, seconds) for way in ways]
            for way in ways:
                way.lift()
            ceiling = reached(ways[-1].url)  # on loopback, with the least before it
            found = Found(turns, moves, limited, [throughput.measure(way, 5, seconds) for way in ways], ceiling)
    except BenchError as error:
        console.print(f"error: {error}", markup=False)
        raise typer.Exit(1) from None
    for table in (failures(found), speeds(found), asked(found)):
        console.print(table)
    console.print(f"load: {CONNECTIONS} connections, {rate:g} requests a second; alone it reaches {found.ceiling:.0f}")
    raise typer.Exit(1 if sums(one for one in turns if one.way == ours.name).failed else 0)


def reached(url: str) -> float:
    """Requests a second of the load when it is told to send more than it can."""
    load = Load(url, CONNECTIONS, 1e6)
    load.start()
    time.sleep(CEILING)
    return len(load.stop()) / CEILING


def told(version: str, turn: Turn) -> str:
    """A line for a turn."""
    return (
        f"{version} {turn.way}: {turn.seconds:.1f} s, {turn.requests} requests, {turn.failed} failed, "
        f"newcomer's first after {turn.first:.2f} s"
    )


def failures(found: Found) -> Table:
    """Each way's failed requests and seconds."""
    view = Table(
        "release by", "requests", "failed", "per million", "a release", "seconds", "over start + ready + drain"
    )
    least = floor(found.turns, DRAIN)
    for way in dict.fromkeys(turn.way for turn in found.turns):
        of = sums(turn for turn in found.turns if turn.way == way)
        failed = f"{median(of.failures):g} ({min(of.failures)} to {max(of.failures)})"
        ratio = _spread([seconds / least for seconds in of.releases])
        view.add_row(way, str(of.requests), str(of.failed), f"{of.million:.0f}", failed, _spread(of.releases), ratio)
    view.caption = f"start + ready + drain is {least:.2f} s: {least - DRAIN:.2f} until healthy, {DRAIN} of drain"
    return view


def speeds(found: Found) -> Table:
    """Throughput, where the container has its half of a processor, and where nothing limits it."""
    view = Table("through", "container's processors", "requests a second", "directly", "ratio")
    for shown, rows in (("0.5", found.limited), ("all", found.free)):
        for one in rows:
            ratio = f"{one.ratio:.2f} ({one.least:.2f} to {one.most:.2f})"
            view.add_row(one.way, shown, f"{one.through:.0f}", f"{one.direct:.0f}", ratio)
    return view


def asked(found: Found) -> Table:
    """Seconds from the ask to the first request of it."""
    view = Table("asked of", "until it is read back", "to the first request", "to the last on the old one")
    columns = ([getattr(one, part) for one in found.moves] for part in ("read_back", "first", "last"))
    view.add_row("our router", *(_spread(column, 3) for column in columns))
    moved = [turn for turn in found.turns if turn.moved]
    for way in dict.fromkeys(turn.way for turn in moved):
        view.add_row(way, "", _spread([turn.moved for turn in moved if turn.way == way], 3), "")
    return view


def _rotated(ways: Sequence[Way], number: int) -> Sequence[Way]:
    """The ways, each first as often as another."""
    at = number % len(ways)
    return [*ways[at:], *ways[:at]]


def _spread(values: Sequence[float], digits: int = 2) -> str:
    return f"{median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


if __name__ == "__main__":
    typer.run(main)
