"""Durations as Go writes and reads them: `1m0s`, `1.5s`, `500ms`."""

import re
from decimal import Decimal

UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")


def nanoseconds(written: str) -> int:
    """The length of a duration; ValueError when Go would not read it."""
    sign, rest = (-1, written[1:]) if written[:1] == "-" else (1, written.removeprefix("+"))
    if rest == "0":
        return 0
    if not rest or PART.sub("", rest):
        raise ValueError(f"'{written}' is not a valid duration")
    return sign * int(sum(Decimal(number) * UNITS[unit] for number, unit in PART.findall(rest)))


def written(length: int) -> str:
    """A duration of *length* nanoseconds as Go writes it."""
    if length == 0:
        return "0s"
    if length < 10**9:
        unit = next(one for one in ("ms", "µs", "ns") if length >= UNITS[one])
        return f"{_number(Decimal(length) / UNITS[unit])}{unit}"
    minutes, rest = divmod(length, UNITS["m"])
    hours, minutes = divmod(minutes, 60)
    seconds = f"{_number(Decimal(rest) / UNITS['s'])}s"
    return f"{hours}h{minutes}m{seconds}" if hours else f"{minutes}m{seconds}" if minutes else seconds


def duration(value: str) -> str | None:
    """The rule of an input that is a duration."""
    try:
        length = nanoseconds(value)
    except ValueError:
        return "is not a valid duration"
    return "duration must not be negative" if length < 0 else None


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"
