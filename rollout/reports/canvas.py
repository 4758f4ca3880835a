"""Pictures for inside an HTML page, by matplotlib: SVG whose colours are the page's CSS variables, so that one picture
serves light and dark, and whose text is text.

In: what to draw, on axes. Out: an SVG element without a size of its own.
"""

import io
import re
from collections.abc import Callable
from typing import Any

# Colours that stand for the page's variables: matplotlib knows only real ones.
VARIABLES = {
    "#000001": "ink",
    "#000002": "muted",
    "#000003": "line",
    "#000010": "old",
    "#000011": "same",
    "#000020": "new1",
    "#000021": "new2",
    "#000022": "new3",
    "#000023": "new4",
}
INK, MUTED, LINE, OLD, SAME, *NEW = VARIABLES


def svg(name: str, draw: Callable[..., None], size: tuple[float, float], rows: int = 1, columns: int = 1) -> str:
    """What *draw* puts on its axes, *size* inches large; *name* keeps its ids apart from those of other pictures."""
    import matplotlib  # noqa: PLC0415  half a second, which only a report is worth
    from matplotlib.figure import Figure  # noqa: PLC0415

    style: Any = {
        "svg.fonttype": "none",
        "svg.hashsalt": name,
        "font.size": 10,
        "text.color": INK,
        "axes.edgecolor": LINE,
        "axes.labelcolor": MUTED,
        "legend.frameon": False,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
    }
    picture = io.StringIO()
    with matplotlib.rc_context(style):
        figure = Figure(figsize=size, layout="constrained")
        draw(*figure.subplots(rows, columns, squeeze=False).flat)
        figure.savefig(picture, format="svg", transparent=True, metadata=dict.fromkeys(("Date", "Creator", "Format")))
    return _inline(picture.getvalue(), name)


def _inline(text: str, name: str) -> str:
    """*text* without what only a file needs: its head and size, the names of its groups, fonts of this machine."""
    text = text[text.index("<svg") :]
    head, _, rest = text.partition(">")
    head = re.sub(r' (?:width|height|version|xmlns:xlink|xmlns)="[^"]*"', "", head)
    rest = re.sub(r"<metadata>.*?</metadata>", "", rest, flags=re.DOTALL)
    rest = re.sub(r'<g id="\w+_\d+">', "<g>", rest)
    rest = re.sub(r"; font-family: [^;\"]*", "", rest)
    rest = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1", rest)
    rest = rest.replace("xlink:href", "href")
    rest = re.sub(r"#0000[0-9a-f]{2}\b", lambda found: f"var(--{VARIABLES[found[0]]})", rest)
    return f'{head} role="img" aria-label="{name}">{rest}'
