"""The page that a report is: one HTML document that needs nothing beside it, for light and dark, wide and narrow. Pure.

In: text and markup. Out: markup. Whatever comes from outside goes through `escape`.
"""

from collections.abc import Iterable, Sequence
from html import escape

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fcfcfb; --ink: #1c1f23; --muted: #68707a; --line: #dcdfe3; --box: #f2f3f4;
  --good: #1a7f4b; --ill: #c0322b; --open: #9a6700;
  --old: #8ba3bd; --same: #cfd4da; --new1: #d9622b; --new2: #7b52b9; --new3: #17806d; --new4: #b8860b;
  --sans: system-ui, -apple-system, "Segoe UI", sans-serif; --mono: ui-monospace, Menlo, Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15181c; --ink: #e6e8ea; --muted: #98a1ab; --line: #353b42; --box: #1e2227;
    --good: #4cc38a; --ill: #ff7b72; --open: #e3b341;
    --old: #6485a8; --same: #454d56; --new1: #f08a4b; --new2: #a98be0; --new3: #45b59f; --new4: #d4a72c;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 var(--sans); }
main { max-width: 58rem; margin: 0 auto; padding: 2rem 1.1rem 4rem; }
h1 { font-size: 1.75rem; line-height: 1.25; margin: .3rem 0 .6rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2.4rem 0 .5rem; }
.outcome { font-weight: 650; text-transform: uppercase; letter-spacing: .06em; font-size: .85rem; margin: 0; }
.good { color: var(--good); }
.ill { color: var(--ill); }
.open { color: var(--open); }
.lead { font-size: 1.1rem; margin: 0 0 1.2rem; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.2rem; margin: 0; }
dt, figcaption, th, footer { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: 0; }
figcaption, footer { font-size: .875rem; margin-top: .3rem; }
svg { display: block; width: 100%; height: auto; }
svg text { font-family: var(--sans); }
.narrow { display: none; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { text-align: left; padding: .35rem 1rem .35rem 0; border-bottom: 1px solid var(--line); }
th, td { white-space: nowrap; vertical-align: top; }
th { font-weight: 500; }
th:last-child, td:last-child { padding-right: 0; }
.number { text-align: right; }
.told { background: var(--box); border-radius: .5rem; padding: .8rem 1rem; }
.told table { font: .84rem/1.55 var(--mono); }
.told td { border: 0; padding: 0 1.2rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.told td:first-child { color: var(--muted); white-space: nowrap; text-align: right; }
footer { margin-top: 3rem; }
a { color: inherit; }
@media (max-width: 40rem) {
  .wide { display: none; }
  .narrow { display: block; }
  main { padding-top: 1.2rem; }
}
"""


def page(title: str, sections: Iterable[str]) -> str:
    """A whole document named *title*."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(sections)
        + "\n</main>\n</body>\n</html>\n"
    )


def section(title: str, *inner: str) -> str:
    """*inner* under a heading."""
    return f"<section>\n<h2>{escape(title)}</h2>\n" + "\n".join(inner) + "\n</section>"


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and what they stand for."""
    rows = (f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in pairs)
    return f"<dl>{''.join(rows)}</dl>"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """A table that scrolls by itself where it is too wide; *numbers* are the columns to the right."""

    def row(tag: str, cells: Sequence[str]) -> str:
        kinds = [' class="number"' if number in numbers else "" for number in range(len(cells))]
        inner = (f"<{tag}{kind}>{escape(cell)}</{tag}>" for kind, cell in zip(kinds, cells, strict=True))
        return f"<tr>{''.join(inner)}</tr>"

    head = f"<thead>{row('th', heads)}</thead>" if heads else ""
    return (
        f'<div class="scroll"><table>{head}<tbody>{"".join(row("td", cells) for cells in rows)}</tbody></table></div>'
    )


def figure(wide: str, narrow: str, note: str) -> str:
    """A picture in two widths, of which one is shown."""
    caption = f"<figcaption>{escape(note)}</figcaption>" if note else ""
    return f'<figure><div class="wide">{wide}</div><div class="narrow">{narrow}</div>{caption}</figure>'
