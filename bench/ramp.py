"""What a ramp of ten steps costs: `python -m bench.ramp`.

Out: the AWS calls it makes, as the rehearsal cloud was asked them, and its seconds beyond the bakes, as a ratio to ten
bare `modify_rule` with read-back and a `pulumi up` that has nothing to do, all in one run and in turn.
"""

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench.ground import BenchError, Rule, done, ground, programs, providers
from rehearsal.cloud import trace
from rehearsal.cloud.trace import Seen
from rehearsal.stage import Stage

STEPS = [10, 20, 30, 40, 50, 60, 70, 80, 90]  # percent; 100 is implied
WRITES = len(STEPS) + 1
BAKE = 2.0  # seconds
TAGS = ("AddTags", "RemoveTags")


@dataclass(frozen=True)
class Cost:
    """One ramp: seconds of the whole `up`, how often the engine ran, and every call of the cloud meanwhile."""

    seconds: float
    runs: int
    calls: Sequence[Seen]

    @property
    def walks(self) -> list[Seen]:
        """The program's calls from the mark's being written to its being taken away."""
        own = programs(self.calls)
        marks = [number for number, one in enumerate(own) if one.action in TAGS]
        return own[marks[0] : marks[-1] + 1]

    @property
    def writes(self) -> int:
        """Weights written by the walk."""
        return Counter(one.action for one in programs(self.calls))["ModifyRule"]

    @property
    def marks(self) -> int:
        """Calls that write, renew or take away the mark."""
        return sum(one.action in TAGS for one in programs(self.calls))

    @property
    def engines(self) -> int:
        """Weights written by the engine, for what it records after the walk: the same ones again."""
        return Counter(one.action for one in providers(self.calls))["ModifyRule"]

    @property
    def rate(self) -> float:
        """Calls a second while it walks."""
        return len(self.walks) / (self.walks[-1].at - self.walks[0].at)

    @property
    def busiest(self) -> int:
        """The most calls within one second of the walk."""
        times = [one.at for one in self.walks]
        return max(sum(at <= other < at + 1 for other in times) for at in times)


def ramp(stage: Stage, goal: str) -> Cost:
    """`pulumi up` that walks all the traffic to *goal*; what that cost."""
    stage.configure(traffic={goal: 100})
    before = updates(stage)
    trace.begin(stage.home)
    up = done(stage.up())
    return Cost(up.seconds, updates(stage) - before, trace.read(stage.home))


def updates(stage: Stage) -> int:
    """How often the engine ran on the stack: updates in its history."""
    return len(json.loads(done(stage.run("pulumi", "stack", "history", "--json", "--show-secrets=false")).text))


def bare(rule: Rule) -> float:
    """Seconds that ten bare writes with read-back take; at the end the weights are as before."""
    held = rule.weights()
    (version,) = held
    (other,) = {"v1", "v2"} - {version}
    begun = time.monotonic()
    for percent in STEPS:
        rule.write({version: 10 * (100 - percent), other: 10 * percent})
    rule.write(held)
    return time.monotonic() - begun


def main(
    repeats: Annotated[int, typer.Option(min=1, help="ramps, each with its bare writes and its empty `up`")] = 5,
) -> None:
    """Measure, and print a table; exit code 1 when something did not go through."""
    console = Console(highlight=False, soft_wrap=True)
    try:
        with ground(steps=STEPS, bake=f"{BAKE:g}s") as stage:
            rule = Rule(stage)
            rows = []
            for turn in range(repeats):
                cost = ramp(stage, ("v2", "v1")[turn % 2])
                rows.append((cost, bare(rule), done(stage.up("--expect-no-changes")).seconds))
    except BenchError as error:
        console.print(f"error: {error}", markup=False)
        raise typer.Exit(1) from None
    console.print(times(rows))
    console.print(counts([cost for cost, _, _ in rows]))


def times(rows: Sequence[tuple[Cost, float, float]]) -> Table:
    """Seconds of each turn, and what a ramp takes beyond its bakes for each second of bare writes and empty `up`."""
    table = Table(
        "up", "its bakes", "beyond them", "10 bare writes", "empty up", "ratio", title="seconds of a ten-step ramp"
    )
    ratios = []
    for cost, writes, empty in rows:
        beyond = cost.seconds - WRITES * BAKE
        ratios.append(beyond / (writes + empty))
        shown = (cost.seconds, WRITES * BAKE, beyond, writes, empty)
        table.add_row(*(f"{one:.2f}" for one in shown), f"{ratios[-1]:.2f}")
    table.add_section()
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    table.add_row("", "", "", "", "median", f"{median(ratios):.2f} ({spread})")
    return table


def counts(costs: Sequence[Cost]) -> Table:
    """Calls and engine runs of each ramp."""
    table = Table(
        "engine runs",
        "weight writes",
        "mark's tags",
        "the engine's write",
        "calls of the walk",
        "a second",
        "busiest second",
        title="calls of a ten-step ramp",
    )
    for cost in costs:
        numbers = (cost.runs, cost.writes, cost.marks, cost.engines, len(cost.walks))
        table.add_row(*map(str, numbers), f"{cost.rate:.1f}", str(cost.busiest))
    every = Counter(one.action for cost in costs for one in cost.walks)
    table.caption = ", ".join(f"{action} {count / len(costs):.1f}" for action, count in every.most_common()) + " a ramp"
    return table


if __name__ == "__main__":
    typer.run(main)
