"""This machine's loopback address, the only one that a rehearsal cloud listens on, and its free ports."""

import ipaddress
import secrets
import socket

LOOPBACK = "127.0.0.1"
# Below the range that systems take source ports from, so that no outgoing connection sits on a port that was chosen.
RANGE = range(20_000, 30_000)
TRIES = 500


def is_loopback(host: str | None) -> bool:
    """Whether *host*, a name or an address, is this machine and nothing else."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def is_free(port: int) -> bool:
    """Whether *port* can be listened on now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether something listens on *port*."""
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def free(taken: frozenset[int] = frozenset()) -> int:
    """A free port that is not among *taken* (chosen already, but perhaps not listened on yet)."""
    for _ in range(TRIES):
        port = secrets.choice(RANGE)
        if port not in taken and is_free(port):
            return port
    raise OSError(f"no free port on {LOOPBACK} between {RANGE.start} and {RANGE.stop - 1}")
