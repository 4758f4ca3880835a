"""The shape of `sluice:data`: what holds the service's data and outlives every slice. Pure.

In: the decoded values. Out: models whose values are in range.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from components.config_types import text

DATABASE = "app"  # the database, and the user who owns it: a name that no service's could make a reserved word of
PORT = 5432
DOCKER, AWS = ("image", "memory"), ("version", "instance", "storage", "backup", "replica")  # whose each key is


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Postgres(_Model):
    """`sluice:data.postgres`: one database for all slices.

    On Docker: `image`, like the official one; `memory` in MiB. On AWS: `version`, the major one; `instance`, the
    class; `storage` in GiB; `backup`: days that backups are kept; `replica`: whether another zone holds a copy that
    takes over.
    """

    image: Annotated[str, text(r"[a-z0-9][!-~]{1,254}", "image")] = Field(
        default="sluice/postgres:latest", examples=["postgres@sha256:<64 hex digits>"]
    )
    memory: int = Field(default=512, ge=128, le=1_000_000, strict=True, examples=[512])
    version: int = Field(default=17, ge=13, le=99, strict=True, examples=[17])
    instance: Annotated[str, text(r"db\.[a-z0-9-]+\.[a-z0-9-]+", "class of a database instance")] = Field(
        default="db.t4g.micro", examples=["db.t4g.micro"]
    )
    storage: int = Field(default=20, ge=20, le=65_536, strict=True, examples=[20])
    backup: int = Field(default=7, ge=1, le=35, strict=True, examples=[7])
    replica: bool = Field(default=False, strict=True, examples=["true"])


class Data(_Model):
    """`sluice:data`: what there is beside the bucket that is always there on AWS."""

    postgres: Postgres | None = Field(default=None, examples=["{}"])


def environment(host: str, port: int = PORT) -> dict[str, str]:
    """What a slice is told of the database at *host*, as every client that is like libpq reads it."""
    return {"PGHOST": host, "PGPORT": str(port), "PGDATABASE": DATABASE, "PGUSER": DATABASE}
