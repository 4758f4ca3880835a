"""`status`: what is declared, what is live, and how ready each slice is to take traffic.

In: the stack file's config, the recorded state, AWS. Out: a `Report`, for people as a table, for programs as JSON.

Readiness: serving   has a share and every instance wanted is healthy
           warm      no share, and every instance wanted is healthy
           cold      it is there, but fewer are healthy than wanted
           gone      its target group, its fleet, or (without a share) anything else that it needs is no more
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from components import previews
from components.settings import Settings
from ops.cloud import UNBUILT, Cloud
from ops.facts import State
from ops.stack import Stack
from rollout.routers.interface import Health
from rollout.shares import percent

Readiness = Literal["serving", "warm", "cold", "gone"]
STYLES: Mapping[Readiness, str] = {"serving": "green", "warm": "green", "cold": "yellow", "gone": "red"}


@dataclass(frozen=True, kw_only=True)
class SliceReport:
    """One slice: its live share in percent, its instances healthy and desired."""

    version: str
    artifact: str
    share: int | float
    healthy: int
    desired: int
    readiness: Readiness
    missing: tuple[str, ...] = ()  # the parts that are no more

    def __str__(self) -> str:
        lacks = f", it lacks its {' and its '.join(self.missing)}" if self.missing else ""
        return f"{self.version} is {self.readiness}: {self.healthy} of {self.desired} healthy{lacks}"

    @property
    def built(self) -> bool:
        """Whether there is a slice of it, whole or not."""
        return UNBUILT not in self.missing


@dataclass(frozen=True, kw_only=True)
class Report:
    """The whole of it; `declared` and `live` are percent by version, `walk`: who is moving traffic now, `previews`: a
    line for each.
    """

    service: str
    platform: str
    declared: Mapping[str, int | float]
    live: Mapping[str, int | float]
    slices: list[SliceReport]
    walk: str | None
    previews: tuple[str, ...] = ()
    schema: int | None = None  # that the data is recorded to be at

    @property
    def converged(self) -> bool:
        """Live is what is declared, and every slice with a share is healthy."""
        return self.live == self.declared and all(one.readiness == "serving" for one in self.slices if one.share)

    def as_json(self) -> dict[str, Any]:
        """The fields that programs are promised."""
        fields = {key: value for key, value in asdict(self).items() if key not in ("walk", "previews")}
        slices = [{key: value for key, value in one.items() if key != "missing"} for one in fields["slices"]]
        return fields | {"slices": slices, "converged": self.converged}


def survey(stack: Stack) -> Report:
    """Look at *stack* and at what runs; OpsError when nothing is released yet or AWS does not answer."""
    settings, state = stack.config().settings(), stack.state()
    return look(settings, state, Cloud(settings, state))


def look(settings: Settings, state: State, cloud: Cloud) -> Report:
    """What *settings* declare, beside what is recorded in *state* and runs on *cloud*."""
    now = cloud.live()
    live = percent(now.shares) if now else {}
    known = state.known(settings)
    listed = {release.version: release.artifact for release in settings.releases if not release.external}
    lost = cloud.lost(settings.releases)
    slices = []
    for version in dict.fromkeys([*known, *listed, *live]):
        health = cloud.health(version)
        missing = [*cloud.missing(version), *([lost[version]] if version in lost else [])]
        slices.append(
            SliceReport(
                version=version,
                artifact=known[version].artifact if version in known else listed.get(version, "unknown"),
                share=live.get(version, 0),
                healthy=health.healthy if health else 0,
                desired=health.wanted if health else 0,
                readiness=readiness(health, bool(live.get(version)), not missing),
                missing=tuple(missing),
            )
        )
    return Report(
        service=settings.service.name,
        platform=settings.platform,
        declared=percent(settings.traffic.shares),
        live=live,
        slices=slices,
        walk=str(now.mark) if now and now.mark else None,
        previews=tuple(previews.told(settings.previews, previews.today())),
        schema=now.schema.at if now and now.schema else None,
    )


def readiness(health: Health | None, shared: bool, whole: bool) -> Readiness:
    """The grade of a slice; *health* is None when it is not there, *whole* whether all it is made of still exists."""
    if health is None:
        return "gone"
    if shared:
        return "serving" if health.ready else "cold"
    if not whole:
        return "gone"
    return "warm" if health.ready else "cold"


def show(report: Report, console: Console) -> None:
    """*report* for people."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("version", "share", "healthy", "readiness"):
        table.add_column(title, justify="right" if title in ("share", "healthy") else "left", no_wrap=True)
    table.add_column("artifact")  # it alone gives way where the terminal is narrow: versions are typed
    for one in report.slices:
        style = STYLES[one.readiness]
        grade = f"[{style}]{one.readiness}[/{style}]"
        artifact = Text(_brief(one.artifact), no_wrap=True, overflow="ellipsis")
        table.add_row(one.version, f"{one.share:g} %", f"{one.healthy} of {one.desired}", grade, artifact)
    console.print(f"{report.service} on {report.platform}")
    console.print(f"declared  {_line(report.declared)}")
    console.print(f"live      {_line(report.live)}")
    if report.schema is not None:
        console.print(f"data      schema {report.schema}")
    if report.walk:
        console.print(f"walking   {report.walk}", markup=False)
    console.print(table)
    for one in (one for one in report.slices if one.missing):
        console.print(str(one), markup=False)
    for line in report.previews:
        console.print(line, markup=False)
    verdict = "[green]converged[/green]" if report.converged else "[red]not converged[/red]: `pulumi up` makes it so"
    console.print(verdict)


def _brief(artifact: str) -> str:
    """*artifact* with as much of its digest as tells it from others; `--json` has all of it."""
    return re.sub(r"(@sha256:[0-9a-f]{12})[0-9a-f]+", r"\1…", artifact)


def _line(shares: Mapping[str, int | float]) -> str:
    return " · ".join(f"{version} {share:g}" for version, share in sorted(shares.items())) or "nobody"
