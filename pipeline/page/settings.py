"""The page's part of the receiver's settings: who may look, who may act, under which address.

In: `page:` of `pipeline.yaml`. Out: `Page`, or a SettingsError with what to write instead.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from components.config_types import text
from pipeline.errors import SettingsError
from pipeline.page.password import is_hash

Readers = Literal["everyone", "operators"]
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
URL = re.compile(r"https://[a-z0-9.-]+(:\d+)?|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?")


class PageModel(BaseModel):
    """`page:` as it is written: `operators` has the file of each one's hash."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str, text(URL.pattern, "address without a path, by TLS except on this machine")] | None = Field(
        default=None, examples=["https://deploy.example.com"]
    )
    operators: dict[Annotated[str, text(r"[\w.-]{1,60}", "name")], str] = Field(
        default_factory=dict, examples=["{anna: /etc/sluice/anna}"]
    )
    readers: Readers = Field(default="everyone", examples=["operators"])


@dataclass(frozen=True, kw_only=True)
class Page:
    """The page's. `origins`: the addresses under which browsers reach it; `operators`: the hash of each one's password;
    `readers`: who may look.
    """

    origins: Collection[str] = ()
    operators: Mapping[str, str] = field(default_factory=dict, repr=False)
    readers: Readers = "everyone"

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach it by TLS."""
        return all(one.startswith("https://") for one in self.origins)


def page_of(page: PageModel, host: str, port: str, read: Callable[[str, str], str]) -> Page:
    """The page's settings at a receiver that listens on *host*; *read* gives what a file holds. SettingsError."""
    own = [f"http://{name}:{port}" for name in LOOPBACK] if host in LOOPBACK else []
    if page.readers == "operators" and not page.operators:
        raise SettingsError("pipeline.yaml: page.readers: nobody could look; name operators, or leave it out")
    if page.operators and not (page.url or own):
        raise SettingsError(
            "pipeline.yaml: page.url: it is needed where operators sign in over a network; write the address under "
            "which browsers reach this page, such as https://deploy.example.com"
        )
    hashes = {name: _hash(f"page.operators.{name}", path, read) for name, path in page.operators.items()}
    return Page(origins=[page.url] if page.url else own, operators=hashes, readers=page.readers)


def _hash(where: str, path: str, read: Callable[[str, str], str]) -> str:
    found = read(where, path)
    if not is_hash(found):
        raise SettingsError(
            f"pipeline.yaml: {where}: what is in {path} is no hash of a password; make one: "
            f"`python -m ops password >{path}`"
        )
    return found
