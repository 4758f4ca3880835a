"""A bridge of our own for a daemon's default network, so that no other daemon's is touched.

By ioctl: neither `ip` nor `brctl` has to be installed. Only root may.
"""

import fcntl
import ipaddress
import socket
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

ADD, DELETE, SET_FLAGS, SET_ADDRESS, SET_NETMASK = 0x89A0, 0x89A1, 0x8914, 0x8916, 0x891C  # linux/sockios.h
UP = 0x1
ROUTES = Path("/proc/net/route")
LINKS = Path("/sys/class/net")
POOL = ipaddress.IPv4Network("10.213.0.0/16")
SLICES = ipaddress.IPv4Network("10.192.0.0/11")  # for a network of containers


def exists(name: str) -> bool:
    """Whether there is an interface *name*."""
    return (LINKS / name).exists()


def add(name: str) -> None:
    """Make a bridge *name* with the first address of a network that no route goes to. OSError says why it cannot be."""
    network = free_network(list(routed(ROUTES.read_text())), POOL, 24)
    with closing(_socket()) as control:
        fcntl.ioctl(control, ADD, name.encode() + b"\0")
        _configure(control, SET_ADDRESS, name, network[1])
        _configure(control, SET_NETMASK, name, network.netmask)
        fcntl.ioctl(control, SET_FLAGS, struct.pack("16sH14x", name.encode(), UP))


def remove(name: str) -> None:
    """Take the bridge away, if it is there."""
    if not exists(name):
        return
    with closing(_socket()) as control:
        fcntl.ioctl(control, SET_FLAGS, struct.pack("16sH14x", name.encode(), 0))
        fcntl.ioctl(control, DELETE, name.encode() + b"\0")


def routed(table: str) -> Iterator[ipaddress.IPv4Network]:
    """The networks of /proc/net/route but the default route."""
    for line in table.splitlines()[1:]:
        destination, mask = (socket.inet_ntoa(struct.pack("<L", int(line.split()[at], 16))) for at in (1, 7))
        if mask != "0.0.0.0":
            yield ipaddress.IPv4Network(f"{destination}/{mask}")


def subnet(pool: ipaddress.IPv4Network = SLICES) -> str:
    """A /16 of *pool* for containers that no route of this machine goes to.

    Docker takes any; but what is sent to a network that another daemon has too may reach that one's containers.
    """
    taken = list(routed(ROUTES.read_text())) if ROUTES.exists() else []
    return str(free_network(taken, pool, 16))


def free_network(taken: list[ipaddress.IPv4Network], pool: ipaddress.IPv4Network, prefix: int) -> ipaddress.IPv4Network:
    """The first network of *pool* with a *prefix* that overlaps none of *taken*."""
    for network in pool.subnets(new_prefix=prefix):
        if not any(network.overlaps(other) for other in taken):
            return network
    raise OSError(f"no network in {pool} is free")


def _socket() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def _configure(control: socket.socket, request: int, name: str, address: ipaddress.IPv4Address) -> None:
    fcntl.ioctl(control, request, struct.pack("16sHH4s8x", name.encode(), socket.AF_INET, 0, address.packed))
