"""The faults of the AWS API: a layer before the `Layer`, which throttles, delays, loses replies, lets tokens expire,
and shows weights as they were.

In: WSGI requests, and the faults that are stated. Out: the answer, late or never, or the error that AWS would say. What
is asked with the access key `observer` is spared: so a test, or `status`, sees how things are without taking part.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from rehearsal.cloud import api
from rehearsal.cloud.actions import matches
from rehearsal.cloud.api import Asked, Environ
from rehearsal.cloud.bucket import Bucket
from rehearsal.cloud.cloud import Cloud
from rehearsal.cloud.faults import Faults
from rehearsal.cloud.late import Late
from rehearsal.environment import OBSERVER

POLL = 0.05  # seconds between looks whether a delay was called off

Application = Callable[[Environ, Any], Iterable[bytes]]


class Faulty:
    """WSGI middleware around the layer. One request at a time is judged; what waits, waits beside the others."""

    def __init__(self, layer: Application, cloud: Cloud) -> None:
        self._layer = layer
        self._cloud = cloud
        self._lock = threading.Lock()
        self._counted = Counted(Faults())
        self._actions: Late[str, list[Any]] = Late()

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Answer one request, or fail to."""
        asked = api.asked(environ)
        if asked.key == OBSERVER:
            return self._answer(asked, environ, start_response)
        counted, said = self._judge(asked)
        if said is not None:
            body, kind = api.error(asked.protocol, said)
            start_response(said.status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
            return [body]
        faults = counted.faults
        body = self._answer(asked, environ, start_response)
        self._wait(faults, asked)
        with self._lock:
            is_lost = counted.loses(asked)
        if is_lost:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError("a reply is lost")  # which the server takes for a client that has gone
        return body

    def _judge(self, asked: Asked) -> tuple["Counted", api.Said | None]:
        faults = self._cloud.faults
        with self._lock:
            if faults is not self._counted.faults:
                self._counted = Counted(faults)
            return self._counted, self._counted.error(asked, time.monotonic())

    def _wait(self, faults: Faults, asked: Asked) -> None:
        """As long as the action's delay, unless other faults are stated meanwhile."""
        delays = [seconds for action, seconds in faults.delay.items() if matches(action, asked.service, asked.action)]
        until = time.monotonic() + max(delays, default=0.0)
        while (left := until - time.monotonic()) > 0 and self._cloud.faults is faults:
            time.sleep(min(left, POLL))

    def _answer(self, asked: Asked, environ: Environ, start_response: Any) -> Iterable[bytes]:
        if asked.service != "elasticloadbalancing":
            return self._layer(environ, start_response)
        with self._cloud.lock:
            seen = self._seen()
            if asked.action == "DescribeRules" and asked.key != OBSERVER:
                with self._showing(seen):
                    return self._layer(environ, start_response)
            body = self._layer(environ, start_response)
            self._seen()  # what the call changed has changed now, not when the next one comes
            return body

    def _seen(self) -> dict[str, list[Any]]:
        """What each rule is seen to do, by ARN."""
        actions = {arn: rule.actions for arn, rule in self._rules().items()}
        return self._actions.follow(actions, self._cloud.faults.late_reads, time.monotonic())

    def _rules(self) -> dict[str, Any]:
        """moto's rules, by ARN."""
        balancers = self._cloud.backends.elbv2.load_balancers.values()
        listeners = [listener for balancer in balancers for listener in balancer.listeners.values()]
        return {rule.arn: rule for listener in listeners for rule in listener.rules.values()}

    @contextmanager
    def _showing(self, actions: dict[str, list[Any]]) -> Iterator[None]:
        """While the block runs, moto's rules do what they are seen to do."""
        rules = self._rules()
        before = {arn: rule.actions for arn, rule in rules.items()}
        try:
            for arn, rule in rules.items():
                rule.actions = actions[arn]
            yield
        finally:
            for arn, rule in rules.items():
                rule.actions = before[arn]


class Counted:
    """What is counted of one statement of faults: tokens left, calls until the expiry, replies still to be lost."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        now = time.monotonic()
        self._buckets = {action: Bucket(rate, burst, now) for action, (rate, burst) in faults.throttle.items()}
        self._calls = 0
        self._to_lose = dict(faults.lose_reply)

    def error(self, asked: Asked, now: float) -> api.Said | None:
        """What the call is refused with, if it is."""
        self._calls += 1
        if self.faults.expire_token is not None and self._calls > self.faults.expire_token:
            return api.TOKEN_EXPIRED[asked.protocol]
        if self.faults.metrics_gone and asked.service == "cloudwatch":
            return api.UNAVAILABLE
        buckets = [one for action, one in self._buckets.items() if matches(action, asked.service, asked.action)]
        if not all(one.has_one(now) for one in buckets):
            return api.THROTTLED[asked.protocol]
        for one in buckets:
            one.take()
        return None

    def loses(self, asked: Asked) -> bool:
        """Whether this call's reply is lost; if it is, it counts."""
        for action, left in self._to_lose.items():
            if left and matches(action, asked.service, asked.action):
                self._to_lose[action] -= 1
                return True
        return False
