"""What the access logger of `rollout.envoy.stats` has counted, read from Envoy's admin page. Pure.

In: text in Prometheus's format. Out: how many requests ended alike, and how many answers began within like times.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from rollout.envoy.stats import COUNTER, EDGES, PREFIX, TIMES

COUNT = re.compile(rf"^envoy_{PREFIX}_{COUNTER}\{{(.*)\}} (\d+)$", re.MULTILINE)
BUCKET = re.compile(rf"^envoy_{PREFIX}_{TIMES}_bucket\{{(.*)\}} (\d+)$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Count:
    """How many requests ended alike since Envoy started.

    `cluster` is "" when Envoy answered without choosing one; `flags` are Envoy's, "-" when nothing failed: then the
    target of the cluster answered. `code` is 0 when the client left before it had an answer.
    """

    listener: str
    cluster: str
    code: int
    flags: str
    total: int


@dataclass(frozen=True)
class Time:
    """How many answers began within like times since Envoy started.

    `within`: the upper edge of these times in milliseconds, one of `envoy.stats.EDGES`, or infinity beyond them.
    """

    listener: str
    cluster: str
    within: float
    total: int


def counts(text: str) -> list[Count]:
    """How the requests that have ended did so."""
    found = ((dict(LABEL.findall(labels)), int(total)) for labels, total in COUNT.findall(text))
    return [Count(one["listener"], _cluster(one), int(one["code"]), one["flags"], total) for one, total in found]


def times(text: str) -> list[Time]:
    """How long targets took to begin their answers."""
    return list(_times(text))


def _times(text: str) -> Iterator[Time]:
    """Each bucket by itself; Prometheus has all up to its edge in it, and lists the edges of a histogram in order."""
    below: dict[tuple[str, str], int] = {}
    for labels, upto in BUCKET.findall(text):
        one = dict(LABEL.findall(labels))
        whose = (one["listener"], _cluster(one))
        added, below[whose] = int(upto) - below.get(whose, 0), int(upto)
        if added:
            yield Time(*whose, _edge(float(one["le"]) / 1000), added)


def _edge(milliseconds: float) -> float:
    """The edge at which a bucket was meant to end that ends right before it."""
    return min((edge for edge in EDGES if edge >= milliseconds), default=math.inf)


def _cluster(labels: dict[str, str]) -> str:
    return "" if labels["cluster"] == "-" else labels["cluster"]
