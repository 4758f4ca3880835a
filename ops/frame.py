"""One frame of `watch`: who gets which part of the traffic, how healthy, and what the walk does. Pure.

In: a view of the stack at one time. Out: what rich puts on the terminal.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ops.status import STYLES, Report
from rollout.journal import Entry
from rollout.mark import Mark
from rollout.shares import text
from rollout.summary import SPOKEN, gauges, of_step, outcome, pooled, sentence, span

BLOCKS = " ▏▎▍▌▋▊▉█"
LATELY = 10.0  # seconds of ticks that a rate is made of
FRESH = 300.0  # seconds after which what a journal says of rates is old


@dataclass(frozen=True, kw_only=True)
class View:
    """A stack at `at` (unix seconds): `mark` of the walk that is on, `entry` its journal's word, else the last walk's;
    `trouble`: what could not be looked at just now; `carried`: versions known to have carried all the traffic once.
    """

    at: float
    stack: str
    report: Report
    mark: Mark | None
    entry: Entry | None
    trouble: str = ""
    carried: Collection[str] = ()


def frame(view: View, width: int) -> RenderableType:
    """*view* on a terminal *width* characters wide."""
    head = Text(f"{view.report.service} on {view.report.platform}, stack {view.stack}", "bold")
    head.append(f"   {datetime.fromtimestamp(view.at, UTC):%H:%M:%S} UTC", "dim not bold")
    return Group(head, Text(), _slices(view, max(8, min(40, width - 78))), Text(), *_lines(view), _verdict(view))


def _slices(view: View, bar: int) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False)
    for title in ("version", "traffic", "live", "declared", "healthy", "", "requests/s", "failed"):
        side = "left" if title in ("version", "traffic", "") else "right"
        table.add_column(title, justify=side, no_wrap=True)
    rates = _rates(view)
    for one in view.report.slices:
        declared = view.report.declared.get(one.version, 0)
        per_second, failed = rates.get(one.version, ("", ""))
        table.add_row(
            one.version,
            Text(_bar(one.share, bar), "cyan" if one.share == declared else "yellow"),
            f"{one.share:g} %",
            "" if one.share == declared else f"{declared:g} %",
            f"{one.healthy} of {one.desired}",
            Text(one.readiness if one.built else "not built", STYLES[one.readiness]),
            per_second,
            failed,
        )
    return table


def _bar(share: float, width: int) -> str:
    eighths = round(share * width * 8 / 100)
    return ("█" * (eighths // 8) + BLOCKS[eighths % 8]).strip().ljust(width)


def _rates(view: View) -> dict[str, tuple[str, str]]:
    """Requests a second and the part of them that failed, by version, over the last ticks of the walk that is on."""
    entry = view.entry
    if not (view.mark and entry and entry.ticks and view.at - entry.ticks[-1]["end"] < FRESH):
        return {}
    newest = entry.ticks[-1]
    last = [tick for tick in of_step(entry, newest["step"]) if tick["end"] > newest["end"] - LATELY]
    seconds = sum(tick["end"] - tick["begin"] for tick in last)
    rates = {}
    for version in {version for tick in last for version in tick["counts"]}:
        seen = pooled(last, [version])
        part = f"{100 * seen.failed / seen.total:.2f} %" if seen.total else ""
        rates[version] = (f"{seen.total / seconds:,.1f}", part)
    return rates


def _lines(view: View) -> Iterator[Text]:
    entry = view.entry
    if view.mark:
        yield _line("walking", f"{view.mark}, run {view.mark.run}")
        if entry is None:
            yield _line("", "its journal is not to be read from here (yet)")
    if view.mark and entry and entry.steps:
        step = entry.steps[-1]
        held = f"held for {span(max(0.0, view.at - step['at']))}"
        yield _line("step", f"{step['done'] / 10:g} % of the change: {text(step['shares'])}, {held}")
        yield from (_line(name, line) for name, line in _evidence(entry))
    if view.mark and entry and entry.lines:
        yield _line("told", entry.lines[-1]["text"])
    if entry and not view.mark:
        ago = span(max(0.0, view.at - entry.heard))
        yield _line(
            "last walk", f"{SPOKEN[outcome(entry, view.at)]} {ago} ago, run {entry.run}. {sentence(entry, view.at)}"
        )
    if view.trouble:
        yield Text(f"{'trouble':<10}{view.trouble}", "red")


def _evidence(entry: Entry) -> Iterator[tuple[str, str]]:
    """How far each judge is, from the last tick it saw."""
    for one in gauges(entry):
        said = f"{one.version} {one.gate}: {one.proof:.0%} proven good, {one.alarm:.0%} of an alarm"
        yield ("judged", said.replace("%", " %"))


def _line(name: str, what: str) -> Text:
    return Text.assemble((f"{name:<10}", "dim"), what)


def _verdict(view: View) -> Text:
    if view.report.converged and not view.mark:
        return Text("converged", "green")
    return Text("walking" if view.mark else "not converged: `pulumi up` makes it so", "cyan" if view.mark else "red")
