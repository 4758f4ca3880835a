"""The report of one walk: how it went and why it ended so, on a page beside its JSON.

In: an entry of the journal. Out: HTML that needs nothing from elsewhere, written as `<run>.html`.
"""

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from rollout.journal import Entry
from rollout.reports.charts import charts
from rollout.reports.page import facts, figure, page, section, table
from rollout.shares import text
from rollout.summary import (
    SPOKEN,
    WORDS,
    bad,
    gates,
    incumbents,
    newcomers,
    of_step,
    outcome,
    pooled,
    sentence,
    span,
)

KINDS = {"promote": "good", "restore": "ill", "crashed": "ill"}  # what is neither is open


def write(entry: Entry, folder: Path, now: float | None = None) -> Path:
    """Write the page of *entry* into *folder*; where it is. OSError. *now* as in `render`."""
    folder.mkdir(parents=True, exist_ok=True)
    file, beside = folder / f"{entry.run}.html", folder / f".{entry.run}.html.{os.getpid()}"
    try:
        beside.write_text(render(entry, now), encoding="utf-8")
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
    return file


def render(entry: Entry, now: float | None = None) -> str:
    """The page of *entry*; *now* (unix seconds) tells a walk under way from one that was cut short."""
    found = outcome(entry, now)
    word, kind = SPOKEN[found], KINDS.get(found, "open")
    name = f"{text(entry.start)} → {text(entry.goal)}"
    drawn = [section(one.title, figure(one.wide, one.narrow, one.note)) for one in charts(entry)]
    return page(f"{entry.service}: {name}, {word}", [_head(entry, now, name, word, kind), *drawn, *_tables(entry)])


def _head(entry: Entry, now: float | None, name: str, word: str, kind: str) -> str:
    took = f"{span((entry.ended or entry.heard) - entry.begun)}{'' if entry.ended else ', and no end of it is known'}"
    known = [
        ("service", f"{entry.service}, stack {entry.stack}"),
        ("began", f"{datetime.fromtimestamp(entry.begun, UTC):%Y-%m-%d %H:%M:%S} UTC"),
        ("took", took),
        ("by", entry.owner),
        ("run", entry.run),
        ("live at the end", text(entry.live) if entry.live is not None else "not known"),
    ]
    return (
        f'<header>\n<p class="outcome {kind}">{word}</p>\n<h1>{escape(name)}</h1>\n'
        f'<p class="lead">{escape(sentence(entry, now))}</p>\n{facts(known)}\n</header>'
    )


def _tables(entry: Entry) -> Iterator[str]:
    if entry.steps:
        sides = [([version], version) for version in newcomers(entry)]
        sides += [(incumbents(entry), ", ".join(incumbents(entry)))] if incumbents(entry) else []
        judged = [(versions, name, gate) for versions, name in sides for gate in gates(entry)]
        heads = ["after", "change", "shares", "held", *(f"{name} {WORDS[gate]}" for _, name, gate in judged)]
        yield section("Steps", table(heads, _steps(entry, judged), numbers=[0, 1, 3, *range(4, 4 + len(judged))]))
    if entry.lines:
        lines = [(span(one["at"] - entry.begun), one["text"]) for one in entry.lines]
        yield section("What was told", f'<div class="told">{table([], lines)}</div>')
    if entry.strategy:
        yield section("Strategy", facts(_strategy(entry.strategy)))
    yield f'<footer>All of it as data: <a href="{entry.run}.json">{entry.run}.json</a></footer>'


def _steps(entry: Entry, judged: list[tuple[list[str], str, str]]) -> Iterator[list[str]]:
    ends = [*(step["at"] for step in entry.steps[1:]), entry.ended or entry.heard]
    for number, (step, end) in enumerate(zip(entry.steps, ends, strict=True)):
        cells = [
            span(step["at"] - entry.begun),
            f"{step['done'] / 10:g} %",
            text(step["shares"]),
            span(end - step["at"]),
        ]
        for versions, _, gate in judged:
            counts = pooled(of_step(entry, number), versions)
            of = f" of {counts.total:,}" if gate == gates(entry)[0] else ""
            rate = 100 * bad(counts, gate) / max(1, counts.total)
            cells.append(f"{bad(counts, gate):,}{of} ({rate:.2f} %)" if counts.total else "none")
        yield cells


def _strategy(strategy: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was asked for, in the config's words."""
    for key, value in strategy.items():
        match key:
            case "ready" | "bake" | "deadline":
                yield key, span(value)
            case "steps":
                yield key, f"{' · '.join(f'{done / 10:g}' for done in value)} %" if value else "one move"
            case "prove_by":
                yield key, f"{value / 10:g} %"
            case "errors" | "latency":
                yield key, ", ".join(_gate(value)) if value else "not judged"
            case "instant":
                yield "rollback", "instant" if value else "ramp"
            case "command":
                yield key, " ".join(value) or "none"
            case _ if value:
                yield key, str(value)


def _gate(gate: Mapping[str, Any]) -> Iterator[str]:
    for key, value in gate.items():
        match key:
            case "allow":
                yield f"{key} {100 * value:g} %"
            case "over":
                yield f"{key} {1000 * value:g} ms"
            case "warmup":
                yield f"{key} {value:g} s"
            case _:
                yield f"{key} {value:g}"
