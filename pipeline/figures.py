"""What the receiver counts, for Prometheus."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from pipeline.backlog import Backlog

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 10)


@dataclass
class Seen:
    """What became of a hook."""

    outcome: str = "failed"


class Figures:
    """Of one receiver; `registry` holds them."""

    def __init__(self, backlog: Backlog) -> None:
        self.registry = CollectorRegistry()
        self._hooks = Counter("sluice_hooks", "Hooks that came.", ["sender", "outcome"], registry=self.registry)
        self._seconds = Histogram(
            "sluice_hook_seconds", "How long a hook took to be answered.", registry=self.registry, buckets=BUCKETS
        )
        self.registry.register(_Open(backlog))

    @contextmanager
    def hook(self, sender: str) -> Iterator[Seen]:
        """Count a hook, with what it says of itself at the end."""
        seen, begun = Seen(), time.perf_counter()
        try:
            yield seen
        finally:
            self._hooks.labels(sender, seen.outcome).inc()
            self._seconds.observe(time.perf_counter() - begun)


class _Open(Collector):
    """Counted when it is asked for."""

    def __init__(self, backlog: Backlog) -> None:
        self._backlog = backlog

    def collect(self) -> Iterable[Metric]:
        """The two families."""
        waiting = GaugeMetricFamily("sluice_open", "Hints and releases that are still to be done.", labels=["service"])
        for service, count in self._backlog.open().items():
            waiting.add_metric([service], count)
        ended = GaugeMetricFamily("sluice_releases", "Releases that came this way.", labels=["service", "state"])
        for (service, state), count in self._backlog.counts().items():
            ended.add_metric([service, state], count)
        return [waiting, ended]
