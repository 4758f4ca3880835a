"""What is to go wrong in a running cloud: one `Faults`, stated whole, kept in `home/faults.json`.

In: the options of `python -m rehearsal faults`, or `Stage.faults`. Out: the file, which the cloud looks at whenever it
answers a call and at each turn of its loop. A set that is stated anew is counted anew, also when it is the same.
"""

import json
import logging
import math
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from rehearsal.cloud import actions
from rehearsal.files import replace

FILE = "faults.json"

# An account's limits as (calls a second, burst): what AWS documents of its token buckets, each shared by the actions it
# names. Of ModifyRule and its like AWS says nothing: assumed. EC2 has a bucket for each action; here they share one.
AWS_LIMITS: Mapping[str, tuple[float, float]] = {
    "elasticloadbalancing:Describe*": (10.0, 40.0),
    "elasticloadbalancing:*egisterTargets": (4.0, 20.0),
    "elasticloadbalancing:Modify*": (3.0, 20.0),
    "ec2:Describe*": (20.0, 100.0),
}

log = logging.getLogger(__name__)


class FaultError(ValueError):
    """A fault that cannot be: the message names the option and says what to write instead."""


@dataclass(frozen=True)
class Faults:
    """Which faults there are; without arguments none. Actions are as in an IAM policy: `*` and `SERVICE:` are known."""

    throttle: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # action → calls a second, burst
    delay: Mapping[str, float] = field(default_factory=dict)  # action → seconds from what was done to the answer
    lose_reply: Mapping[str, int] = field(default_factory=dict)  # action → how many of the next are not answered
    expire_token: int | None = None  # calls that are still answered; None: the token does not expire
    late_weights: float = 0.0  # seconds until the balancer follows changed weights
    late_reads: float = 0.0  # seconds for which DescribeRules shows the weights as they were
    kill: Mapping[str, int] = field(default_factory=dict)  # version → how many of its instances die now
    slow_boot: float = 0.0  # seconds from an instance's start to its process's
    flap: Mapping[str, float] = field(default_factory=dict)  # version → seconds its checks fail, and then pass
    metrics_lag: float = 0.0  # seconds until what happened is seen in CloudWatch
    metrics_gone: bool = False  # CloudWatch answers nothing but errors

    def __post_init__(self) -> None:
        for name in ("throttle", "delay", "lose_reply"):
            for action in getattr(self, name):
                if not actions.exist(action):
                    raise FaultError(
                        f"{_option(name)} {action}: AWS has no such action; write ModifyRule, or Describe*"
                    )
        for action, (rate, burst) in self.throttle.items():
            _least("throttle", rate, 0, f"{action}=", "calls a second")
            _least("throttle", burst, 0, f"{action}=…/", "the burst")
        for name, least, what in (
            ("delay", 0, "seconds"),
            ("lose_reply", 1, "the count"),
            ("kill", 1, "the count"),
            ("flap", 1, "seconds"),
        ):
            for key, value in getattr(self, name).items():
                _least(name, value, least, f"{key}=", what)
        for name in ("late_weights", "late_reads", "slow_boot", "metrics_lag"):
            _least(name, getattr(self, name), 0, "", "seconds")
        if self.expire_token is not None:
            _least("expire_token", self.expire_token, 0, "", "calls")

    def __str__(self) -> str:
        """The options that state it; "" when there is none."""
        held = {one.name: getattr(self, one.name) for one in fields(self)}
        stated = {one.name: held[one.name] for one in fields(self) if held[one.name] != one.default}
        return " ".join(option for name, value in stated.items() for option in _options(name, value))


def write(home: Path, faults: Faults) -> None:
    """State *faults* for the cloud at *home*; what was stated before holds no longer."""
    replace(home / FILE, json.dumps(asdict(faults)))


def forget(home: Path) -> None:
    """Take every fault away."""
    (home / FILE).unlink(missing_ok=True)


def read(home: Path) -> Faults:
    """What is stated now; FaultError when somebody wrote something else into the file."""
    try:
        held = json.loads((home / FILE).read_text())
    except FileNotFoundError:
        return Faults()
    except json.JSONDecodeError as error:
        raise FaultError(f"{FILE} is no JSON: {error}") from error
    try:
        if unknown := held.keys() - {one.name for one in fields(Faults)}:
            raise FaultError(f"{FILE}: there is no fault {', '.join(sorted(unknown))}")
        limits = {action: (rate, burst) for action, (rate, burst) in held.pop("throttle", {}).items()}
        return Faults(throttle=limits, **held)
    except (AttributeError, TypeError) as error:
        raise FaultError(f"{FILE} is no set of faults: {error}") from error


class Stated:
    """The faults of one home, read again when they were stated anew. For any thread."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._held = Faults()

    def now(self) -> Faults:
        """What is stated now: the same object until it is stated anew, another one afterwards even when it is equal."""
        with self._lock:
            stamp = self._look()
            if stamp != self._stamp:
                self._stamp = stamp
                try:
                    self._held = read(self._home)
                except FaultError as error:
                    log.error("%s; what was stated before still holds", error)
            return self._held

    def _look(self) -> tuple[int, int] | None:
        try:
            found = (self._home / FILE).stat()
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_ino


def _least(name: str, value: Any, least: float, before: str, what: str) -> None:
    if not isinstance(value, int | float) or not math.isfinite(value) or value < least:
        raise FaultError(f"{_option(name)} {before}{value}: {what} must be a number from {least:g} on")


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _options(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, one in value.items():
            shown = "/".join(map(_number, one)) if isinstance(one, tuple) else _number(one)
            yield f"{_option(name)} {key}={shown}"
    else:
        yield _option(name) if value is True else f"{_option(name)} {_number(value)}"


def _number(value: float) -> str:
    return str(value).removesuffix(".0")
