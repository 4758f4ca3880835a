"""What things are called on a Docker host, and which labels tell whose they are. Pure.

In: a service's name; labels as the provider records them. Out: names, which never change; what a label says.
"""

from collections.abc import Mapping, Sequence
from typing import Any

ENTRY = 10_000  # the port on which the router listens inside
SCRAPE = 10_001  # the one on which it shows its counters, where that is wanted
FOLDER = "/etc/envoy"  # of the files that the router's Envoy follows
SERVICE, VERSION, STACK = "sluice.service", "sluice.version", "sluice.stack"
ADDRESS = "sluice.address"


def router(service: str) -> str:
    """The router's container."""
    return f"{service}-router"


def network(service: str) -> str:
    """The service's network."""
    return f"{service}-slices"


def volume(service: str) -> str:
    """The volume of the router's files."""
    return f"{service}-routes"


def postgres(service: str) -> str:
    """The database's container, and the volume of its data."""
    return f"{service}-postgres"


def password(service: str) -> str:
    """The volume of the database's password."""
    return f"{service}-password"


def label(labels: Sequence[Mapping[str, Any]], name: str) -> str | None:
    """What *labels*, as the provider records them, say of *name*."""
    return next((one["value"] for one in labels if one["label"] == name), None)
