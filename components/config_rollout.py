"""The shape of `sluice:rollout` and `sluice:metrics`, as typed models. Pure.

In: the decoded values. Out: models whose values are in range, and the `Strategy` they mean.
"""

import re
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from components.config_types import Duration
from rollout import strategy
from rollout.strategy import Freeze, Strategy

BRIEF = re.compile(r"(\d+)(ms|s|m)")
BRIEF_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}
WINDOW = re.compile(r"(\S+)/(\S+) (?:([A-Za-z]+(?:/[A-Za-z_+-]+)+|UTC) )?(\S.*)")


def _brief(value: object) -> object:
    if isinstance(value, str) and (match := BRIEF.fullmatch(value)):
        return int(match[1]) * BRIEF_UNITS[match[2]]
    raise ValueError("it is no duration with a unit")


def _tenths(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 100:
        raise ValueError("it is no percentage between 0 and 100")
    if round(value * 10) != value * 10:
        raise ValueError("it has more than one decimal")
    return round(value * 10)


def _freeze(value: object) -> object:
    match = WINDOW.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise ValueError("it is no window with a reason")
    try:
        zone = ZoneInfo(match[3] or "UTC")
        start, end = datetime.fromisoformat(match[1]), datetime.fromisoformat(match[2])
    except (ValueError, ZoneInfoNotFoundError) as error:
        raise ValueError(str(error).strip("'")) from None
    if len(match[2]) == len("2026-12-27"):
        end += timedelta(days=1)  # a day without a time is frozen to its end
    if not start < end:
        raise ValueError("it ends before it begins")
    return Freeze(_placed(start, zone), _placed(end, zone), match[4])


def _placed(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


Brief = Annotated[float, BeforeValidator(_brief)]
Tenths = Annotated[int, BeforeValidator(_tenths)]
Window = Annotated[Freeze, BeforeValidator(_freeze)]
Percent = Annotated[float, Field(gt=0, lt=100, examples=[0.5])]
Chance = Annotated[float, Field(gt=0, le=0.5, examples=[0.01])]
Times = Annotated[float, Field(ge=1, le=100, examples=[1.25])]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Errors(_Model):
    """`rollout.gates.errors`: percent, and times the incumbent's rate."""

    allow: Percent = 0.5
    tolerate: Times = 1.25
    reject: Times = 2.0
    alpha: Chance = 0.01
    beta: Chance = 0.05

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.tolerate >= self.reject:
            raise ValueError("`tolerate` is not below `reject`; write such as tolerate: 1.25 and reject: 2")
        return self

    def _terms(self) -> dict[str, Any]:
        same = {key: getattr(self, key) for key in ("tolerate", "reject", "alpha", "beta")}
        return {**same, "allow": self.allow / 100}

    def gate(self) -> strategy.Gate:
        """The gate it means."""
        return strategy.Gate(**self._terms())


class Latency(Errors):
    """`rollout.gates.latency`: as `errors`, with slow for failed."""

    over: Brief = Field(examples=["300ms"])
    warmup: Duration = Field(default=10, ge=0, le=3600, examples=["10s"])
    allow: Percent = 2.0

    def gate(self) -> strategy.Latency:
        """The gate it means."""
        return strategy.Latency(**self._terms(), over=self.over, warmup=self.warmup)


class Gates(_Model):
    """`rollout.gates`: none of them is legal, and then health alone decides."""

    errors: Errors | None = Field(default=None, examples=["{allow: 0.5, tolerate: 1.25, reject: 2}"])
    latency: Latency | None = Field(default=None, examples=["{over: 300ms}"])
    command: list[str] = Field(default_factory=list, examples=['["./smoke.sh"]'])


class Rollout(_Model):
    """`sluice:rollout`: how traffic moves."""

    ready: Duration = Field(default=300, ge=1, le=86_400, examples=["5m"])
    steps: list[Annotated[Tenths, Field(examples=[25])]] = Field(
        default=[10, 50, 250, 500], examples=["[1, 5, 25, 50]"]
    )
    bake: Duration = Field(default=60, ge=0, le=86_400, examples=["60s"])
    deadline: Duration = Field(default=1800, ge=1, le=86_400, examples=["30m"])
    prove_by: Tenths = Field(default=250, examples=[25])
    gates: Gates = Field(default=Gates(errors=Errors()), examples=["{errors: {allow: 0.5}}"])
    migrate: list[str] = Field(default_factory=list, examples=['["./migrate.sh"]'])
    rollback: Literal["instant", "ramp"] = Field(default="instant", examples=["instant"])
    on_inconclusive: Literal["restore", "hold"] = Field(default="restore", examples=["restore"])
    freeze: list[Annotated[Window, Field(examples=['"2026-12-24/2026-12-27 Europe/Berlin holidays"'])]] = Field(
        default_factory=list, examples=['["2026-12-24/2026-12-27 Europe/Berlin holidays"]']
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if sorted(set(self.steps)) != self.steps:
            raise ValueError("`steps` do not rise; write such as steps: [1, 5, 25, 50]")
        if (self.gates.errors or self.gates.latency) and not any(step <= self.prove_by for step in self.steps):
            raise ValueError(
                f"no step is at or below `prove_by` ({self.prove_by / 10:g}), so nothing could be proven before it; "
                "write such as steps: [5, 25, 50], or gates: {} to go by health alone"
            )
        bakes = self.bake * (len(self.steps) + 1)
        if bakes > self.deadline:
            raise ValueError(
                f"the bakes alone take {bakes} s, longer than `deadline`; write a longer one, or fewer steps"
            )
        return self

    def strategy(self) -> Strategy:
        """The strategy it means."""
        return Strategy(
            ready=self.ready,
            steps=tuple(self.steps),
            bake=self.bake,
            deadline=self.deadline,
            prove_by=self.prove_by,
            errors=self.gates.errors.gate() if self.gates.errors else None,
            latency=self.gates.latency.gate() if self.gates.latency else None,
            command=tuple(self.gates.command),
            migrate=tuple(self.migrate),
            instant=self.rollback == "instant",
            on_inconclusive=self.on_inconclusive,
            freeze=tuple(self.freeze),
        )


class CloudWatch(_Model):
    """`metrics.cloudwatch`: the load balancer's own points."""

    period: Duration = Field(default=60, ge=1, le=3600, examples=["60s"])
    late: Duration = Field(default=120, ge=0, le=3600, examples=["120s"])


class Prometheus(_Model):
    """`metrics.prometheus`: PromQL of rising counters, `{version}` in them for the release."""

    url: str = Field(pattern=r"https?://[!-~]+", examples=["http://prometheus.internal:9090"])
    total: str = Field(min_length=1, examples=['sum(http_requests_total{slice="{version}"})'])
    failed: str = Field(min_length=1, examples=['sum(http_requests_total{slice="{version}",code=~"5.."})'])
    slow: str | None = Field(default=None, examples=['sum(http_slow_total{slice="{version}"})'])
    period: Duration = Field(default=15, ge=1, le=3600, examples=["15s"])


class Envoy(_Model):
    """`metrics.envoy`: the counters on an Envoy's admin page; `{group}` stands for the target group's name-hash."""

    url: str = Field(pattern=r"https?://[!-~]+", examples=["http://127.0.0.1:9901"])
    cluster: str = Field(default="{version}", examples=['"{version}"'])


class Metrics(_Model):
    """`sluice:metrics`: where counts come from; one source."""

    cloudwatch: CloudWatch | None = Field(default=None, examples=["{period: 60s}"])
    prometheus: Prometheus | None = Field(default=None, examples=["{url: …, total: …, failed: …}"])
    envoy: Envoy | None = Field(default=None, examples=["{url: http://127.0.0.1:9901}"])

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set) > 1:
            raise ValueError(f"{' and '.join(sorted(self.model_fields_set))} are both given; leave one source")
        return self
