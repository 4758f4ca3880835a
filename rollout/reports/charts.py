"""The charts of a report: shares, rates with their bounds, evidence, all over the seconds since the walk began.

In: an entry of the journal. Out: each chart once wide and once narrow, for a phone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from rollout.journal import Entry
from rollout.reports.canvas import INK, LINE, MUTED, NEW, OLD, SAME, svg
from rollout.reports.series import cumulated, dots, held, thinned, until
from rollout.summary import gates, incumbents, newcomers, of_step

WIDE, NARROW = (9.6, 2.6), (4.6, 2.9)  # inches of one panel's row
ENOUGH = 0.3  # part of a step after which its rate is settled enough to scale the axis by
LOWEST = -2  # evidence below this many powers of ten is of no interest
INTERVALS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
TITLES = {"errors": "Failed requests", "latency": "Slow requests"}
RATES = (
    "Lines: the rate since the step began, as the alarm counts it. Bands: where that rate lies with 95 % (Wilson's "
    "interval). Dots: single ticks, or a few together where there are many."
)
EVIDENCE = (
    "How many times likelier what was seen is if the newcomer is too bad (alarm), or good enough (proof). The alarm "
    "begins anew at each step, the proof once more when the incumbent has no share left."
)
WHERE = ("axes fraction", "data")
DASHES = {"errors": "-", "latency": (0, (4, 2))}


@dataclass(frozen=True)
class Chart:
    """One picture in both widths; `note` says how to read it."""

    title: str
    note: str
    wide: str
    narrow: str


def charts(entry: Entry) -> list[Chart]:
    """The charts that *entry* has anything to show for."""
    made = [_chart("Shares", "", partial(_shares, entry))] if entry.steps else []
    made += [_chart(TITLES[gate], RATES, partial(_rates, entry, gate)) for gate in gates(entry)]
    if entry.needs and entry.ticks:
        made.append(_chart("Evidence", EVIDENCE, partial(_evidence, entry), panels=2))
    return made


def _chart(title: str, note: str, draw: Callable[..., None], panels: int = 1) -> Chart:
    narrow = (NARROW[0], NARROW[1] * panels)
    return Chart(
        title,
        note,
        svg(f"{title} over time, wide", partial(draw, labels=9 // panels), WIDE, 1, panels),
        svg(f"{title} over time, narrow", partial(draw, labels=5), narrow, panels, 1),
    )


def _shares(entry: Entry, axes: Any, labels: int) -> None:
    points = held(entry)
    versions = [*newcomers(entry), *incumbents(entry)]
    versions += sorted({version for _, shares in points for version in shares} - set(versions))
    rows = [[shares.get(version, 0) / 10 for _, shares in points] for version in versions]
    colours = [_colour(entry, version) for version in versions]
    axes.stackplot([at for at, _ in points], rows, step="post", labels=versions, colors=colours, linewidth=0)
    _frame(entry, axes, labels)
    for step in entry.steps:
        where = (step["at"] - entry.begun, 1.02)
        axes.annotate(f"{step['done'] / 10:g} %", where, xycoords=("data", "axes fraction"), color=MUTED, size=9)
    axes.set(ylim=(0, 100), ylabel="% of the traffic")
    _legend(axes, above=1.1)


def _rates(entry: Entry, gate: str, axes: Any, labels: int) -> None:
    sides = [([version], version) for version in newcomers(entry)]
    sides += [(incumbents(entry), ", ".join(incumbents(entry)))]
    highest = [_allowed(entry, gate)]
    for versions, name in sides:
        colour, label = _colour(entry, versions[0]) if versions else OLD, name
        for number in range(len(entry.steps)):
            ticks = of_step(entry, number)
            line = thinned(entry, list(cumulated(entry, ticks, versions, gate)))
            if not line:
                continue
            times, rates, lows, highs = zip(*line, strict=True)
            axes.fill_between(times, lows, highs, color=colour, alpha=0.14, linewidth=0)
            axes.plot(times, rates, color=colour, label=label, linewidth=1.8)
            label = None
            highest += [*rates[int(len(rates) * ENOUGH) :], min(highs[-1], 3 * rates[-1])]
        if single := list(dots(entry, versions, gate)):
            axes.scatter(*zip(*single, strict=True), color=colour, s=7, alpha=0.55, linewidth=0)
    axes.axhline(_allowed(entry, gate), color=MUTED, linewidth=0.8, linestyle=":")
    axes.annotate("allow", (0.003, _allowed(entry, gate)), xycoords=WHERE, color=MUTED, va="bottom", size=9)
    top = 1.25 * max(highest) or 1
    axes.set(ylim=(-0.02 * top, top), ylabel="% of requests")  # so that a line at 0 is seen
    _frame(entry, axes, labels)
    _legend(axes)


def _evidence(entry: Entry, alarm: Any, proof: Any, labels: int) -> None:
    for axes, side, verb in ((alarm, "alarm", "restores"), (proof, "clear", "clears")):
        needed = max(need[side] for need in entry.needs.values())
        highest = needed
        for name in entry.needs:
            version, _, gate = name.rpartition(" ")
            label: str | None = name
            for number in range(len(entry.steps)):
                seen = thinned(entry, [tick for tick in of_step(entry, number) if name in tick["evidence"]])
                values = [tick["evidence"][name][side] for tick in seen]
                style = {"color": _colour(entry, version), "linestyle": DASHES[gate], "linewidth": 1.8}
                axes.plot([tick["end"] - entry.begun for tick in seen], values, label=label, **style)
                highest, label = max([highest, *values]), None
        axes.axhline(needed, color=INK, linewidth=0.9)
        axes.annotate(f"{verb} at {_power(needed)}", (0.01, needed), xycoords=WHERE, va="bottom", size=9)
        axes.set_ylim(LOWEST, min(1.15 * highest, 2.2 * needed))
        axes.set_title("alarm" if side == "alarm" else "proof", loc="left", size=10)
        axes.yaxis.set_major_formatter(_power)
        axes.yaxis.get_major_locator().set_params(integer=True, nbins=6)
        _frame(entry, axes, labels)
    _legend(alarm)


def _allowed(entry: Entry, gate: str) -> float:
    return 100 * entry.strategy[gate]["allow"]


def _colour(entry: Entry, version: str) -> str:
    if version in newcomers(entry):
        return NEW[newcomers(entry).index(version) % len(NEW)]
    return OLD if version in incumbents(entry) else SAME


def _frame(entry: Entry, axes: Any, labels: int) -> None:
    """The time axis, and a line at each step and at the end."""
    end = until(entry)
    every = next((one for one in INTERVALS if end / one <= labels), INTERVALS[-1])
    axes.set_xlim(0, end)
    axes.set_xticks([every * number for number in range(int(end / every) + 1)])
    axes.xaxis.set_major_formatter(_clock if end > 120 else _seconds)
    for step in entry.steps:
        axes.axvline(step["at"] - entry.begun, color=LINE, linewidth=0.8, zorder=0.5)
    if entry.ended is not None:
        axes.axvline(entry.ended - entry.begun, color=INK, linewidth=1)


def _seconds(value: float, _: int) -> str:
    return f"{value:.0f} s"


def _clock(value: float, _: int) -> str:
    return f"{int(value) // 60}:{int(value) % 60:02d}"


def _power(value: float, _: int = 0) -> str:
    """10 to the *value* for people."""
    return f"{float(f'{10**value:.3g}'):,g}" if abs(value) < 4 else f"1e{value:g}"


def _legend(axes: Any, above: float = 1.0) -> None:
    if columns := len(axes.get_legend_handles_labels()[1]):  # without any, matplotlib warns
        axes.legend(loc="lower right", bbox_to_anchor=(1, above), ncols=columns, borderpad=0)
