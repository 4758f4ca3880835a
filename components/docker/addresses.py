"""Fixed addresses on a service's own network: from version and index, so that none ever moves. Pure.

In: the /16 of the service, a version. Out: an address for each container of a slice, and for the router.

Docker gives out the lowest free address at each start: after a restart in another order, a router that goes by such
addresses sends one slice's traffic to another one.
"""

import hashlib
import ipaddress
from collections.abc import Iterable

LARGEST = 32  # containers of one slice
SLICES = 2000
FIRST = 512  # the numbers before are the gateway's, the router's, the database's and those of guests
DATABASE = 256  # well above what Docker gives out by itself, which is the lowest that is free


def gateway(subnet: str) -> str:
    """The host's own address on the network."""
    return _at(subnet, 1)


def router(subnet: str) -> str:
    """The router's address."""
    return _at(subnet, 2)


def postgres(subnet: str) -> str:
    """The database's address."""
    return _at(subnet, DATABASE)


def containers(subnet: str, version: str, size: int) -> tuple[str, ...]:
    """The addresses of the containers of *version*."""
    return tuple(_at(subnet, FIRST + LARGEST * _slot(version) + index) for index in range(size))


def collisions(versions: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of *versions* that would get the same addresses."""
    owner: dict[int, str] = {}
    pairs = []
    for version in versions:
        slot = _slot(version)
        if slot in owner:
            pairs.append((owner[slot], version))
        owner.setdefault(slot, version)
    return pairs


def _slot(version: str) -> int:
    return int(hashlib.sha256(version.encode()).hexdigest(), 16) % SLICES


def _at(subnet: str, number: int) -> str:
    return str(ipaddress.IPv4Network(subnet)[number])
