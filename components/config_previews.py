"""`sluice:previews`: slices of pull requests, which stand beside the others and never get a share. Pure.

In: the decoded value. Out: models whose values are in range, or pydantic's errors.
"""

import re
from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from components.config_types import Size

# A date without quotes is a time at midnight to YAML; the engine's command line and its program spell that differently.
DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T00:00:00Z| 00:00:00 \+0000 UTC)?")


def _day(value: object) -> object:
    found = DAY.fullmatch(value) if isinstance(value, str) else None
    try:
        return date.fromisoformat(found[1] if found else "")
    except ValueError:
        raise ValueError("it is no date") from None


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Preview(_Model):
    """One preview: of which pull request, and the last day on which it is wanted."""

    pull: int = Field(ge=1, strict=True, examples=[12])
    until: Annotated[date, BeforeValidator(_day), Field(examples=['"2026-12-02"'])]


class Previews(_Model):
    """How many there may be, for how many days from each push on, of how many instances; and those that are `open`."""

    limit: int = Field(default=5, ge=0, le=50, strict=True, examples=[5])
    days: int = Field(default=7, ge=1, le=90, strict=True, examples=[7])
    size: Size | None = None
    open: dict[str, Annotated[Preview, Field(examples=['{pull: 12, until: "2026-12-02"}'])]] = Field(
        default_factory=dict, examples=['{pr-12-1a2b3c4: {pull: 12, until: "2026-12-02"}}']
    )
