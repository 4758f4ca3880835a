"""How fast traffic is back on a warm slice: `python -m bench.rollback`.

Out: seconds from the command to the last request that the old slice answered, for `ops rollback --now`, for `pulumi up`
with the former traffic, and for one bare `modify_rule` with read-back, all under load, in one run and in turn.
"""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench.ground import BenchError, Rule, done, ground
from rehearsal.cloud import trace
from rehearsal.load import Load, dropped, own
from rehearsal.stage import Stage

RATE = 250.0  # requests a second
SETTLE = 1.0  # seconds after a command in which the last answers come
BARE = "one bare modify_rule, read back"
NOW = "ops rollback --now"
UP = "pulumi up, former traffic"


@dataclass(frozen=True)
class Turn:
    """One way back: seconds until the weights were written, until the last request that the old slice answered was
    sent, and until the command had ended.
    """

    how: str
    written: float
    last: float
    whole: float


def measure(stage: Stage, load: Load, old: str, how: str, back: Callable[[], object]) -> Turn:
    """Go back from *old* by *back*, while *load* asks."""
    trace.begin(stage.home)
    begun = time.time()
    back()
    whole = time.time() - begun
    time.sleep(SETTLE)
    since = [answer.at for answer in own(list(load.answers), old) if answer.at >= begun]
    if since and max(since) > begun + whole + SETTLE / 2:
        raise BenchError(f"{how}: {old} still answers {SETTLE:g} s after the command had ended")
    writes = [one.at for one in trace.read(stage.home) if one.action == "ModifyRule"]
    return Turn(how, writes[0] - begun, max(since, default=begun) - begun, whole)


def ways(stage: Stage, rule: Rule) -> Mapping[str, Callable[[str], object]]:
    """How to give all the traffic back to a version, by name."""

    def up(version: str) -> object:
        stage.configure(traffic={version: 100})
        return done(stage.up())

    return {
        BARE: lambda version: rule.write({version: 999}),
        NOW: lambda version: done(stage.run(sys.executable, "-m", "ops", "rollback", version, "--now")),
        UP: up,
    }


def play(stage: Stage, load: Load, repeats: int) -> list[Turn]:
    """Each way back in turn, *repeats* times, from whichever slice the one before left the traffic on."""
    rule, turns = Rule(stage), []
    for _ in range(repeats):
        for how, back in ways(stage, rule).items():
            (old,) = rule.weights()
            (other,) = {"v1", "v2"} - {old}
            turns.append(measure(stage, load, old, how, lambda back=back, other=other: back(other)))
            if how == BARE:
                rule.write({old: 999})  # nobody's record knows of it
    return turns


def main(repeats: Annotated[int, typer.Option(min=1, help="of each way back")] = 5) -> None:
    """Measure, and print a table; exit code 1 when something did not go through, or a request was dropped."""
    console = Console(highlight=False, soft_wrap=True)
    try:
        with ground(steps=[], bake="0s", rollback="instant") as stage:
            ways(stage, Rule(stage))[UP]("v2")  # now v1 and v2 have both carried everything
            load = Load(done(stage.run("pulumi", "stack", "output", "url")).text.strip(), connections=8, rate=RATE)
            load.start()
            try:
                turns = play(stage, load, repeats)
            finally:
                answers = load.stop()
    except BenchError as error:
        console.print(f"error: {error}", markup=False)
        raise typer.Exit(1) from None
    console.print(table(turns))
    lost = dropped(answers)
    console.print(f"{len(answers)} requests at {RATE:g} a second, {len(lost)} dropped")
    raise typer.Exit(1 if lost else 0)


def table(turns: Sequence[Turn]) -> Table:
    """Medians and extremes of each way back."""
    view = Table("seconds from the command", "to the write", "to the last request on the old slice", "to its end")
    for how in (BARE, NOW, UP):
        of = [turn for turn in turns if turn.how == how]
        view.add_row(how, *(_shown([getattr(one, part) for one in of]) for part in ("written", "last", "whole")))
    base = median(turn.whole for turn in turns if turn.how == BARE)
    times = median(turn.last for turn in turns if turn.how == NOW) / base
    view.caption = f"`{NOW}`: the last request on the old slice comes after {times:.0f} times what the bare call takes"
    return view


def _shown(seconds: Sequence[float]) -> str:
    return f"{median(seconds):.3f} ({min(seconds):.3f} to {max(seconds):.3f})"


if __name__ == "__main__":
    typer.run(main)
