"""What came of a demo: the table, the chart of traffic by version over time, the summary for machines.

In: the steps, the answers that clients got. Out: lines on a console, an HTML page with the picture in it, a JSON file.
"""

import base64
import html
import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from rehearsal.load import Answer

COLOURS = ("#4e79a7", "#f28e2b", "#59a14f", "#b07aa1", "#76b7b2", "#edc948")


@dataclass(frozen=True)
class Step:
    """One step: when it began (unix seconds), its seconds, how many of those it waited for health, what came of it."""

    name: str
    at: float
    seconds: float
    waited: int
    verdict: str


def show(console: Console, steps: Sequence[Step], answers: Sequence[Answer], lost: Sequence[Answer]) -> None:
    """The table at the end."""
    table = Table(title="What happened", title_justify="left")
    for heading, side in (("step", "left"), ("seconds", "right"), ("for health", "right"), ("verdict", "left")):
        table.add_column(heading, justify=side)  # pyright: ignore[reportArgumentType] - plain text is what it takes
    for step in steps:
        table.add_row(step.name, f"{step.seconds:.1f}", str(step.waited), step.verdict)
    console.print(table)
    by_version = ", ".join(f"{version} {count:,}" for version, count in sorted(_by_version(answers).items()))
    console.print(f"requests {len(answers):,} ({by_version}) · dropped {len(lost)}")


def write_summary(path: Path, steps: Sequence[Step], answers: Sequence[Answer], lost: Sequence[Answer]) -> None:
    """`{requests, dropped, by_version, steps: [{name, seconds, waited, verdict}]}`."""
    summary = {
        "requests": len(answers),
        "dropped": len(lost),
        "by_version": dict(sorted(_by_version(answers).items())),
        "steps": [
            {"name": step.name, "seconds": round(step.seconds, 1), "waited": step.waited, "verdict": step.verdict}
            for step in steps
        ],
    }
    path.write_text(json.dumps(summary, indent=2) + "\n")


def write_page(path: Path, steps: Sequence[Step], answers: Sequence[Answer], lost: Sequence[Answer]) -> None:
    """One HTML file that needs nothing beside it."""
    picture = base64.b64encode(chart(steps, answers)).decode()
    rows = "".join(
        f"<tr><td>{number}</td><td>{html.escape(step.name)}</td><td>{step.seconds:.1f}</td><td>{step.waited}</td>"
        f"<td>{step.verdict}</td></tr>"
        for number, step in enumerate(steps, 1)
    )
    path.write_text(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Sluice demo</title>"
        "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        "img{width:100%}td,th{padding:.2rem .8rem;text-align:left}td:nth-child(3),td:nth-child(4){text-align:right}"
        "</style><h1>Traffic by version</h1>"
        f"<p>{len(answers):,} requests, {len(lost)} dropped. Each line is the beginning of a step below.</p>"
        f'<img alt="Requests a second by version over time" src="data:image/png;base64,{picture}">'
        "<table><tr><th></th><th>step</th><th>seconds</th><th>of those, for health</th><th>verdict</th></tr>"
        f"{rows}</table></html>\n"
    )


def chart(steps: Sequence[Step], answers: Sequence[Answer]) -> bytes:
    """A PNG: requests a second by version, stacked, with a numbered line where each step begins."""
    start = min((answer.at for answer in answers), default=0.0)
    seconds = range(int(max((answer.at for answer in answers), default=0.0) - start) + 1)
    versions = sorted({answer.version for answer in answers})
    counts = Counter((answer.version, int(answer.at - start)) for answer in answers)
    figure = Figure(figsize=(11, 4.2), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    axes.stackplot(
        seconds,
        [[counts[version, second] for second in seconds] for version in versions],
        labels=[version or "no answer" for version in versions],
        colors=[COLOURS[index % len(COLOURS)] for index in range(len(versions))],
        step="post",
    )
    for number, step in enumerate(steps, 1):
        if step.at >= start:
            axes.axvline(step.at - start, color="#333", linewidth=0.8, linestyle=":")
            axes.annotate(f" {number}", (step.at - start, 1), xycoords=("data", "axes fraction"), va="top")
    axes.set(xlabel="seconds", ylabel="requests a second", xlim=(0, max(seconds[-1], 1)), ylim=(0, None))
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper right", ncols=max(len(versions), 1), frameon=False)
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()


def _by_version(answers: Sequence[Answer]) -> Counter[str]:
    return Counter(answer.version or "unknown" for answer in answers)
