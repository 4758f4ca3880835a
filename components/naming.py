"""Names and numbers derived from a version or a service: logical names, rule priorities. Pure.

In: service name, version. Out: names short enough for AWS, priorities that stay the same for life, the isolation
header's value.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable

LONGEST = 24  # a target group's name is at most 32, and Pulumi adds a hyphen and 7 digits
ISOLATION = range(1000, 40_000)  # priorities of isolation rules
WEIGHTED = range(40_000, 50_001)  # priorities of weighted rules


def logical(service: str, version: str) -> str:
    """The logical name of a slice: `shop-v42`; hashed where it is too long or has characters AWS does not take."""
    plain = f"{service}-{version}"
    clean = re.sub(r"[^A-Za-z0-9-]+", "-", plain)
    if clean == plain and len(plain) <= LONGEST and not plain.endswith("-"):
        return plain
    return f"{clean[: LONGEST - 7].rstrip('-')}-{_digest(plain)[:6]}"


def isolation_priority(service: str, version: str) -> int:
    """The priority of a version's isolation rule: from its name, so that it never moves with its place in a list."""
    return _spread(ISOLATION, service, version)


def weighted_priority(service: str) -> int:
    """The priority of a service's weighted rule: after every isolation rule."""
    return _spread(WEIGHTED, service)


def isolation_value(version: str, salt: str | None) -> str:
    """What `X-Slice` must say to reach *version*: the version, and with a *salt* a suffix nobody can guess."""
    if salt is None:
        return version
    return f"{version}-{hmac.new(salt.encode(), version.encode(), hashlib.sha256).hexdigest()[:16]}"


def collisions(service: str, versions: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of *versions* whose isolation rules would get one priority."""
    owner: dict[int, str] = {}
    pairs = []
    for version in versions:
        priority = isolation_priority(service, version)
        if priority in owner:
            pairs.append((owner[priority], version))
        owner.setdefault(priority, version)
    return pairs


def _spread(over: range, *parts: str) -> int:
    return over[int(_digest("/".join(parts)), 16) % len(over)]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
