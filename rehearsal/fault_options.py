"""The options of `python -m rehearsal faults`, as they are typed, and the `Faults` that they state."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from rehearsal.cloud.faults import AWS_LIMITS, FaultError, Faults

AWS = "aws"

Throttle = Annotated[
    list[str] | None,
    typer.Option(
        metavar="[ACTION=]RATE/BURST",
        help="So many calls a second, and so many at once, of all together that ACTION names; the others are told "
        "to slow down. `aws`: the limits that AWS documents. 0/0: not one call.",
    ),
]
Delay = Annotated[
    list[str] | None,
    typer.Option(metavar="ACTION=SECONDS", help="A call is done at once and answered so late."),
]
LoseReply = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ACTION[=COUNT]", help="The next COUNT calls (else one) are done, and the connection ends unanswered."
    ),
]
ExpireToken = Annotated[
    int | None,
    typer.Option(metavar="CALLS", help="After so many calls (0: at once) every one is answered ExpiredToken."),
]
LateWeights = Annotated[
    float,
    typer.Option(
        metavar="SECONDS",
        show_default=False,
        help="The balancer follows changed weights so late; DescribeRules does not.",
    ),
]
LateReads = Annotated[
    float,
    typer.Option(
        metavar="SECONDS", show_default=False, help="DescribeRules shows weights as they were so long before."
    ),
]
Kill = Annotated[
    list[str] | None,
    typer.Option(metavar="VERSION[=COUNT]", help="So many instances of the version (else one) die now."),
]
SlowBoot = Annotated[
    float,
    typer.Option(
        metavar="SECONDS", show_default=False, help="Instances that start from now on take so long before they boot."
    ),
]
Flap = Annotated[
    list[str] | None,
    typer.Option(
        metavar="VERSION=SECONDS",
        help="The version's health checks fail for so long, then pass for so long, and so on, while it answers "
        "requests as ever. The target group's thresholds count.",
    ),
]
MetricsLag = Annotated[
    float, typer.Option(metavar="SECONDS", show_default=False, help="What happens is seen in CloudWatch so late.")
]
MetricsGone = Annotated[bool, typer.Option("--metrics-gone", help="CloudWatch answers every call with an error.")]


def throttles(given: Sequence[str] | None) -> dict[str, tuple[float, float]]:
    """Limits by action; what is named later wins."""
    found: dict[str, tuple[float, float]] = {}
    for text in given or ():
        if text == AWS:
            found |= AWS_LIMITS
            continue
        action, _, limits = text.rpartition("=")
        rate, slash, burst = limits.partition("/")
        if not slash:
            raise FaultError(f"--throttle {text}: write [ACTION=]RATE/BURST such as ModifyRule=1/3, or {AWS}")
        where = f"--throttle {text}"
        found[action or "*"] = (_number(where, rate), _number(where, burst))
    return found


def seconds(option: str, given: Sequence[str] | None) -> dict[str, float]:
    """`NAME=SECONDS` of *option*."""
    found = {}
    for text in given or ():
        name, equals, value = text.rpartition("=")
        if not equals or not name:
            raise FaultError(f"{option} {text}: write NAME=SECONDS")
        found[name] = _number(f"{option} {text}", value)
    return found


def counts(option: str, given: Sequence[str] | None) -> dict[str, int]:
    """`NAME[=COUNT]` of *option*."""
    found = {}
    for text in given or ():
        name, _, value = text.partition("=")
        if not name or not (value or "1").isdecimal():
            raise FaultError(f"{option} {text}: write NAME or NAME=COUNT")
        found[name] = int(value or "1")
    return found


def faults(
    *,
    throttle: Sequence[str] | None,
    delay: Sequence[str] | None,
    lose_reply: Sequence[str] | None,
    kill: Sequence[str] | None,
    flap: Sequence[str] | None,
    **plain: Any,
) -> Faults:
    """What the options state together; FaultError names the one that is wrong."""
    return Faults(
        throttle=throttles(throttle),
        delay=seconds("--delay", delay),
        lose_reply=counts("--lose-reply", lose_reply),
        kill=counts("--kill", kill),
        flap=seconds("--flap", flap),
        **plain,
    )


def _number(where: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise FaultError(f"{where}: {text or 'nothing'} is no number") from None
