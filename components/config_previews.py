"""`sluice:previews`: slices of pull requests, which stand beside the others and never get a share. Pure.

In: the decoded value. Out: models whose values are in range, or pydantic's errors.
"""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from components.config_types import Size


def _day(value: object) -> object:
    """The engine gives a date without quotes as a time at midnight."""
    try:
        return date.fromisoformat(value.removesuffix("T00:00:00Z") if isinstance(value, str) else "")
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
