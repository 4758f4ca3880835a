"""The terms in which a load balancer is described to Envoy: clusters of targets, listeners, rules, weights.

In: what the caller knows of its load balancer. Out: frozen dataclasses, which `resources` and `routes` turn
into what Envoy reads. Only what can be said in these terms can be asked of the balancer.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")  # names are parts of file names and of Envoy's counters


@dataclass(frozen=True)
class HealthCheck:
    """An active HTTP check; seconds, counts, and the inclusive ranges of status codes that count as healthy.

    A new target is healthy from its first passing check on; the thresholds hold for what comes after.
    """

    path: str = "/"
    interval: int = 30
    timeout: int = 5
    healthy: int = 5
    unhealthy: int = 2
    codes: tuple[tuple[int, int], ...] = ((200, 200),)
    port: int | None = None  # None: the port that also gets the traffic


@dataclass(frozen=True)
class Cluster:
    """A group of targets. `policy` is Envoy's lb_policy; `idle`: seconds an unused or silent connection is kept.

    `idle` has to be shorter than the targets' own keep-alive time, else a target closes a connection just as a request
    is sent on it. `fail_open`: send to every target when none is healthy, as an ALB does; otherwise Envoy answers 503
    itself. Never does Envoy "panic" earlier: one healthy target gets everything.
    """

    name: str
    check: HealthCheck | None = None
    policy: str = "ROUND_ROBIN"
    idle: int = 60
    fail_open: bool = True

    def __post_init__(self) -> None:
        _check_name("cluster", self.name)


@dataclass(frozen=True)
class Endpoint:
    """One target's address."""

    host: str
    port: int


@dataclass(frozen=True)
class Forward:
    """Split over clusters by weight; weights of 0 get nothing, and when all are 0 the answer is 503."""

    weights: Mapping[str, int]


@dataclass(frozen=True)
class Fixed:
    """Answer without asking a target."""

    status: int
    body: str = ""
    content_type: str = "text/plain"


@dataclass(frozen=True)
class Redirect:
    """Send the client elsewhere; None leaves that part of the address as it is."""

    status: int = 301
    scheme: str | None = None
    host: str | None = None
    port: int | None = None
    path: str | None = None
    query: str | None = None  # Envoy cannot change it and leave the path

    def __post_init__(self) -> None:
        if self.status not in (301, 302):
            raise ValueError(f"a redirect answers 301 or 302, not {self.status}")
        if self.query is not None and self.path is None:
            raise ValueError(f"a redirect that sets the query ({self.query!r}) has to set the path too")


Action = Forward | Fixed | Redirect


@dataclass(frozen=True)
class Match:
    """Every given condition must hold, with any of its values.

    Values know `*` and `?`, but methods do not; paths and methods know case, the others do not.
    """

    paths: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    headers: tuple[tuple[str, tuple[str, ...]], ...] = ()
    queries: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class Rule:
    """The first rule that matches a request answers it."""

    match: Match
    action: Action


@dataclass(frozen=True)
class Listener:
    """One port, its rules in the order they are tried; a request that none matches gets 404."""

    name: str
    port: int
    rules: Sequence[Rule] = field(default_factory=tuple)
    host: str = "127.0.0.1"
    idle: int = 60

    def __post_init__(self) -> None:
        _check_name("listener", self.name)

    def clusters(self) -> frozenset[str]:
        """The clusters that its rules send to."""
        forwards = [rule.action for rule in self.rules if isinstance(rule.action, Forward)]
        return frozenset(name for forward in forwards for name, weight in forward.weights.items() if weight > 0)


def _check_name(kind: str, name: str) -> None:
    if not NAME.fullmatch(name):
        raise ValueError(f"{kind} name {name!r}: use 1 to 100 of A-Z a-z 0-9 . _ -")
