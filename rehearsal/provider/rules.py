"""What one input value must be: each rule answers None, or why the value is refused (after `"<value>" …`)."""

import ipaddress
import re
from collections.abc import Callable
from typing import Any

Rule = Callable[[Any], str | None]


def between(low: int, high: int, *others: int) -> Rule:
    """A number from *low* to *high*, or one of *others*."""

    def rule(value: Any) -> str | None:
        if low <= value <= high or value in others:
            return None
        also = "".join(f", or {other}" for other in others)
        return f"must be from {low} to {high}{also}"

    return rule


def one_of(*values: Any) -> Rule:
    """Exactly one of *values*."""
    return lambda value: None if value in values else f"must be one of {', '.join(map(str, values))}"


def length(low: int, high: int) -> Rule:
    """A text of *low* to *high* characters."""
    return lambda value: (
        None if low <= len(value) <= high else f"must have {low} to {high} characters, not {len(value)}"
    )


def matches(pattern: str, words: str) -> Rule:
    """A text that *pattern* matches whole; *words* says what that means, after "must"."""
    return lambda value: None if re.fullmatch(pattern, value) else f"must {words}"


def not_matching(pattern: str, words: str) -> Rule:
    """A text that does not begin with *pattern*."""
    return lambda value: f"must not {words}" if re.match(pattern, value) else None


def network(version: int = 4, low: int = 0, high: int = 128) -> Rule:
    """A network in CIDR notation, with no host bits set and a prefix from *low* to *high*."""

    def rule(value: Any) -> str | None:
        try:
            found = ipaddress.ip_network(value)
        except ValueError as error:
            return f"must be a network in CIDR notation ({error})"
        if found.version != version:
            return f"must be an IPv{version} network"
        if not low <= found.prefixlen <= high:
            return f"must have a prefix from /{low} to /{high}"
        return None

    return rule


def any_network(value: Any) -> str | None:
    """A network of either version, with no host bits set."""
    return network(6 if ":" in value else 4)(value)
