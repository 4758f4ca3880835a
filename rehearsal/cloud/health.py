"""Why targets failed their last check, read from the log that Envoy's health checks write.

In: the log file, a line of JSON a failure. Out: an ELB reason by cluster and endpoint. Envoy's admin page says only
that a target failed, not how.
"""

import json
import threading
from pathlib import Path

from rollout.envoy.config import Endpoint

REASONS = {
    "ACTIVE": "Target.ResponseCodeMismatch",
    "NETWORK": "Target.FailedHealthChecks",
    "NETWORK_TIMEOUT": "Target.Timeout",
}
LARGEST = 1_000_000  # bytes, from which on the log begins anew


class HealthLog:
    """Follows the log; every failure of every target is in it while the target is ill."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read = 0
        self._rest = b""
        self._reasons: dict[tuple[str, Endpoint], str] = {}
        self._lock = threading.Lock()

    def reasons(self) -> dict[tuple[str, Endpoint], str]:
        """The reason of the last failure of each target that ever failed, in ELB's words."""
        with self._lock:
            self._follow()
            return dict(self._reasons)

    def _follow(self) -> None:
        with self._file.open("rb+") as log:
            log.seek(self._read)
            new = log.read()
            self._read += len(new)
            if self._read > LARGEST:
                log.truncate(0)  # Envoy appends: what it writes next comes at the beginning
                self._read = 0
        *lines, self._rest = (self._rest + new).split(b"\n")
        for line in lines:
            self._take(json.loads(line))

    def _take(self, event: dict[str, dict]) -> None:
        failure = event.get("health_check_failure_event") or event.get("eject_unhealthy_event")
        if failure:
            address = event["host"]["socket_address"]
            endpoint = Endpoint(address["address"], address["port_value"])
            # Protobuf leaves out a field that has its first value, and that is ACTIVE.
            self._reasons[str(event["cluster_name"]), endpoint] = REASONS[failure.get("failure_type", "ACTIVE")]
