"""Reads Envoy's counters at every full second, in a thread of its own: a load balancer's points begin and end on time.

In: the balancer, the names that CloudWatch has for its listeners and clusters. Out: points in `Metrics`.
"""

import logging
import threading
import time
from collections.abc import Mapping

from rehearsal.cloud import counters
from rehearsal.cloud.balancer import Balancer, BalancerError
from rehearsal.cloud.counters import Dimensions, Reading
from rehearsal.cloud.metrics import Metrics

log = logging.getLogger(__name__)


class Meter:
    """Counts what *balancer* answers into *metrics*, from `start` to `stop`."""

    def __init__(self, balancer: Balancer, metrics: Metrics) -> None:
        self._balancer, self._metrics = balancer, metrics
        self._names: tuple[Mapping[str, Dimensions], Mapping[str, str]] = {}, {}
        self._read = Reading()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def know(self, groups: Mapping[str, Dimensions], listeners: Mapping[str, str]) -> None:
        """Add names: of clusters, and of listeners their load balancer's."""
        known, balancers = self._names
        self._names = {**known, **groups}, {**balancers, **listeners}

    def start(self) -> None:
        """Begin to count; Envoy runs already."""
        self._thread.start()

    def stop(self) -> None:
        """Count no more."""
        self._end.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(1 - time.time() % 1):
            try:
                self.count(round(time.time()) - 1)
            except BalancerError as error:
                log.warning("the requests of a second are counted with the next one's: %s", error)

    def count(self, second: int) -> None:
        """What was answered since the last count was so in *second*."""
        now = Reading(self._balancer.counts(), self._balancer.times())
        self._metrics.put(second, counters.points(self._read, now, *self._names))
        self._read = now
