"""A release: the immutable spec of one slice. Pure.

In: one entry of sluice:releases and the service's defaults. Out: `Release`, whose `spec()` is what the ledger keeps, so
that one version never means two things.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from components.config_docker import Container
from rollout.contract import Contract


@dataclass(frozen=True, kw_only=True)
class Release:
    """One version's artifact and everything its slice is made from. An external release has a target group only."""

    version: str
    ami: str | None = None
    image: str | None = None
    target_group: str | None = None
    size: int = 2
    instance: str = "t3.small"
    root: str = "/dev/xvda"
    port: int = 8080
    health: str = "/healthz"
    boot: int = 300
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    container: Container | None = None
    schema: Mapping[str, Any] | None = None
    signature: str | None = None  # not part of the spec: what it says is in the artifact

    @property
    def artifact(self) -> str:
        """What runs, in a word: the image where there is one, else the AMI, else the target group."""
        return self.image or self.ami or self.target_group or ""

    @property
    def contract(self) -> Contract | None:
        """What it says of the data; None: nothing."""
        return Contract(frozenset(self.schema["reads"]), self.schema["writes"]) if self.schema else None

    @property
    def external(self) -> bool:
        """Whether it runs already and is not ours to make or delete."""
        return self.target_group is not None

    def spec(self) -> dict[str, Any]:
        """What is published under the version, as the config writes it; what is not set is left out."""
        if self.external:
            return {"external": {"target_group": self.target_group}}
        machine = {"instance": self.instance, "root": self.root, "boot": self.boot} if self.ami else {}
        spec = {
            "ami": self.ami,
            "image": self.image,
            "size": self.size,
            **machine,
            "port": self.port,
            "health": self.health,
            "env": dict(self.env),
            "secrets": dict(self.secrets),
            "container": self.container.model_dump() if self.container else None,
            "schema": dict(self.schema) if self.schema else None,
        }
        return {key: value for key, value in spec.items() if value not in (None, {})}
