"""The shape of what only Docker has: `sluice:docker`, and the `container` of a service and of a release. Pure.

In: the decoded values. Out: models whose values are in range.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from components.config_types import Cidr, Port, text

CAPABILITY = re.compile(r"(?:CAP_)?([A-Z][A-Z_]+)")


def _cpus(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.01 <= value <= 512:
        raise ValueError("it is no number of CPUs")
    return float(value)


def _capability(value: object) -> object:
    match = CAPABILITY.fullmatch(value) if isinstance(value, str) else None
    if not match or match[1] == "ALL":
        raise ValueError("it is no capability")
    return f"CAP_{match[1]}"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Container(_Model):
    """What one container may do and use. `memory`, `tmp` in MiB; `files`: open at once; `processes`: threads too."""

    memory: int = Field(default=256, ge=6, le=1_000_000, strict=True, examples=[256])
    cpus: Annotated[float, BeforeValidator(_cpus), Field(examples=[0.5])] = 0.5
    files: int = Field(default=4096, ge=16, le=1_000_000, strict=True, examples=[4096])
    processes: int = Field(default=256, ge=1, le=100_000, strict=True, examples=[256])
    user: Annotated[str, text(r"[1-9]\d{0,8}(:[1-9]\d{0,8})?", "number of a user other than root")] | None = Field(
        default=None, examples=['"10001:10001"']
    )
    writable: bool = Field(default=False, strict=True, examples=["true"])
    tmp: int = Field(default=16, ge=0, le=100_000, strict=True, examples=[16])
    capabilities: list[Annotated[str, BeforeValidator(_capability)]] = Field(
        default_factory=list, examples=["[NET_BIND_SERVICE]"]
    )

    def over(self, given: Mapping[str, Any]) -> "Container":
        """The same, with what is *given* in place of its own."""
        return self.model_copy(update=dict(given))


class Docker(_Model):
    """`sluice:docker`: the one host of this stack, and what stands there for the service.

    `host`: where the daemon is; DOCKER_HOST or this machine's socket where it is left out. `ssh`: options of the ssh
    command that goes there. `router`: an image with Envoy. `interface`, `port`: where clients reach it, an address of
    the host's; `metrics`: where a Prometheus scrapes the router's counters.
    """

    host: (
        Annotated[str, text(r"unix:///[!-~]+|ssh://[!-~]+|tcp://127\.0\.0\.1:\d+", "local socket or ssh:// address")]
        | None
    ) = Field(default=None, examples=["ssh://deploy@shop-1.example.com"])
    ssh: list[Annotated[str, text(r"[ -~]+", "option of ssh")]] = Field(
        default_factory=list, examples=['["-i", "~/.ssh/deploy", "-o", "UserKnownHostsFile=~/.ssh/hosts"]']
    )
    subnet: Cidr = Field(default="10.205.0.0/16", examples=["10.205.0.0/16"])
    router: Annotated[str, text(r"[a-z0-9][!-~]{1,254}", "image")] = Field(
        default="sluice/router:latest", examples=["envoyproxy/envoy@sha256:<64 hex digits>"]
    )
    interface: Annotated[str, text(r"\d+\.\d+\.\d+\.\d+", "IPv4 address")] = Field(
        default="127.0.0.1", examples=["127.0.0.1"]
    )
    port: Port = 80
    metrics: Annotated[Port, Field(examples=[9902])] | None = None
    certificate: str | None = Field(default=None, min_length=1, examples=["./tls/shop.pem"])
    key: str | None = Field(default=None, min_length=1, examples=["./tls/shop.key"])
