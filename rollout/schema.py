"""What the data is at: a number that is kept beside the live weights and outlives every slice. Pure."""

from dataclasses import dataclass

UNDER_WAY = "migrating"


@dataclass(frozen=True)
class Schema:
    """`at`: the newest version that anything with a share has written, or that a migration was begun for.

    `first`: what the data was at when a release first said what it reads and writes; one that says nothing is taken to
    read and write that. `migrating`: the migration to `at` was begun, and is not known to have ended.
    """

    first: int
    at: int
    migrating: bool = False

    def __str__(self) -> str:
        return f"{self.at}" + (f" ({UNDER_WAY})" if self.migrating else "")


def to_field(schema: Schema) -> str:
    """*schema* as a text without anything that a tag may not hold."""
    return f"{schema.first} {schema.at}" + (f" {UNDER_WAY}" if schema.migrating else "")


def from_field(field: str) -> Schema:
    """The schema that was written as *field*; ValueError when it cannot be read."""
    first, at, *more = field.split(" ")
    if more not in ([], [UNDER_WAY]):
        raise ValueError(f"the schema {field!r} cannot be read")
    return Schema(int(first), int(at), bool(more))
