"""An entry of sluice:releases, made of what was typed. Pure."""

from collections.abc import Sequence
from typing import Any

from ops.errors import ConfigError


def entry(
    what: str,
    ami: str | None,
    image: str | None,
    *,
    reads: Sequence[int] = (),
    writes: int | None = None,
    signature: str | None = None,
) -> dict[str, Any]:
    """The entry of a release of *ami* and, on its Docker, *image*, or of *image* alone; *what* asks for it.

    *writes*, *reads*: its data schema versions; what it writes it reads too. *signature*: of who built it.
    """
    made: dict[str, Any] = {key: value for key, value in (("ami", ami), ("image", image)) if value}
    if not made:
        raise ConfigError(
            f"{what}: of what? Write --ami ami-0123456789abcdef0, or on docker --image repo/shop@sha256:…"
        )
    if signature:
        made["signature"] = signature
    if writes is not None:
        made["schema"] = {"reads": sorted({*reads, writes}), "writes": writes}
    elif reads:
        raise ConfigError(f"{what}: --reads without --writes; write the schema that it writes, too")
    return made
