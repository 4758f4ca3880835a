"""What the page shows of a service, in parts of HTML that are replaced one by one as they change.

In: what the reader saw, the receiver's own releases, what operators had done. Out: markup by the part's id. Everything
that comes from outside goes through the templates' own escaping.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.detached import gist
from pipeline.page.actions import Action
from pipeline.records import Release
from rollout.summary import SPOKEN, WORDS, span

PARTS = ("seen", "shares", "do", "walk", "done", "queue", "past")
GOOD, ILL, OPEN = "good", "ill", "open"
KINDS = {"promote": GOOD, "released": GOOD, "restore": ILL, "crashed": ILL, "failed": ILL}  # what is neither is open
GRADES = {"serving": GOOD, "warm": GOOD, "cold": OPEN, "gone": ILL}


@dataclass(frozen=True, kw_only=True)
class Sight:
    """All that is known of a service; `frame` is None until it was seen. `trouble`: what is wrong with it."""

    service: str
    stack: str
    frame: Mapping[str, Any] | None
    trouble: str
    queue: list[Release]
    done: list[Action]

    @property
    def is_busy(self) -> bool:
        """Whether the receiver has begun something that is not over."""
        return any(one.state == "running" for one in self.queue) or any(one.code is None for one in self.done)


def parts(sight: Sight, *, operator: str | None, may_sign_in: bool) -> dict[str, str]:
    """Markup by id, as *operator* sees it; None: nobody is signed in."""
    return {
        f"{sight.service}-{name}": templates.get_template(f"{name}.html").render(
            sight=sight, frame=sight.frame, operator=operator, may_sign_in=may_sign_in
        )
        for name in PARTS
    }


def goals(frame: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The slices that an operator may give all the traffic to: those that have carried it all before.

    Where a walk is on that can be aborted, the one that it began with gets it back by that.
    """
    there = [frame["live"], *([frame["mark"]["from"]] if can_abort(frame) else [])]
    for one in frame["slices"]:
        if one["built"] and one["carried"] and {one["version"]: 100} not in there:
            yield one


def can_abort(frame: Mapping[str, Any]) -> bool:
    """Whether a walk is on that somebody could end."""
    return bool(frame["mark"]) and frame["mark"]["alive"] and not frame["mark"]["stop"]


def shares(given: Mapping[str, float]) -> str:
    """`v1 95 % · v2 5 %`."""
    return " · ".join(f"{version} {share:g} %" for version, share in sorted(given.items())) or "nobody"


def _utc(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _rate(bad: int, total: int) -> str:
    return f"{100 * bad / total:.2f} %" if total else "none"


templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
templates.filters |= {"shares": shares, "utc": _utc, "span": span, "gist": gist, "number": "{:,}".format}
templates.globals |= {
    "rate": _rate,
    "goals": goals,
    "can_abort": can_abort,
    "SPOKEN": SPOKEN,
    "WORDS": WORDS,
    "KINDS": KINDS,
    "GRADES": GRADES,
    "PARTS": PARTS,
}
