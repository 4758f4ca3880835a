"""What the engine knows of a stack, as plain data. Pure.

In: the engine's answers. Out: config, past updates and recorded state, each able to say what it declares.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from components import naming
from components.settings import PROJECT, Settings, SettingsError, parse
from ops.errors import ConfigError
from rollout import shares
from rollout.shares import Shares


@dataclass(frozen=True)
class Config:
    """The stack's config as the program gets it: text by full key; `secret` names the keys that are encrypted."""

    values: Mapping[str, str]
    secret: Collection[str]

    def settings(self) -> Settings:
        """The validated settings; ConfigError lists every fault."""
        try:
            return parse(self.values, self.secret)
        except SettingsError as error:
            raise ConfigError(str(error)) from None


@dataclass(frozen=True)
class Update:
    """One `pulumi up`. `result`: `succeeded` or `failed`, or `in-progress` where the backend tells of that; `values`:
    its config as in `Config`; `author`: that of the commit it ran on.
    """

    at: datetime
    result: str
    values: Mapping[str, str]
    ended: datetime | None = None
    message: str = ""
    author: str = ""

    @property
    def traffic(self) -> Shares | None:
        """The shares it declared; None when they cannot be read."""
        try:
            return shares.parse(self._decoded("traffic"))
        except ValueError:
            return None

    @property
    def releases(self) -> Mapping[str, Any]:
        """The entries of sluice:releases it declared."""
        return self._decoded("releases")

    @property
    def previews(self) -> Mapping[str, Any]:
        """What marked releases as previews, by version."""
        return self._decoded("previews").get("open") or {}

    def _decoded(self, key: str) -> Mapping[str, Any]:
        try:
            value = json.loads(self.values.get(f"{PROJECT}:{key}", "{}"))
        except json.JSONDecodeError:
            return {}  # a secret, or not the mapping that it should have been
        return value if isinstance(value, dict) else {}


@dataclass(frozen=True)
class Slice:
    """Where one release's slice is: its group, its fleet (None where it has none to scale), what runs in it."""

    artifact: str
    group: str
    fleet: str | None


@dataclass(frozen=True)
class State:
    """What is recorded: `outputs` of the last `up` that went through, each slice's own by its logical name, and the
    `shares` that the last finished `up` declared (None: nothing is recorded).
    """

    outputs: Mapping[str, Any]
    slices: Mapping[str, Mapping[str, Any]]
    shares: Shares | None = None

    def stands(self, service: str, version: str) -> bool:
        """Whether the slice of *version* was built to the end, whatever came of it."""
        return naming.logical(service, version) in self.slices

    def known(self, settings: Settings) -> dict[str, Slice]:
        """Every slice there is word of: those of the outputs, those that a failed `up` has built since, and what is
        listed as running already.
        """
        found = {
            version: Slice(one["artifact"], one["group"], one.get("fleet"))
            for version, one in self.outputs.get(PROJECT, {}).get("slices", {}).items()
        }
        for release in settings.releases:
            made = self.slices.get(naming.logical(settings.service.name, release.version))
            if made:
                found[release.version] = Slice(release.artifact, made["group"], made.get("fleet"))
            elif release.target_group:
                found[release.version] = Slice(release.artifact, release.target_group, None)
        return found
