"""The stack file, `Pulumi.<stack>.yaml`: read, changed in three places only, written in one step.

In: its path. Out: the declared releases, previews and traffic; a file whose comments, order and other keys stay.
"""

import os
import shutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.settings import PROJECT
from ops.errors import ConfigError
from ops.yaml_cut import cut
from ops.yaml_text import YamlTextError, put, read


@dataclass(frozen=True)
class StackFile:
    """One version of the file's text; changing it makes another, `write` makes it the file's."""

    path: Path
    text: str

    @property
    def releases(self) -> Mapping[str, Any]:
        """The entries of sluice:releases as they stand there."""
        return self._mapping("releases")

    @property
    def traffic(self) -> Mapping[str, Any]:
        """Percent by version as it stands there; empty when none is declared."""
        return self._mapping("traffic")

    @property
    def previews(self) -> Mapping[str, Any]:
        """What marks releases as previews, by version: sluice:previews.open as it stands there."""
        opened = self._mapping("previews").get("open") or {}
        if not isinstance(opened, dict):
            raise ConfigError(
                f"{self.path.name}: sluice:previews.open is {opened!r}, not a mapping; see Pulumi.dev.yaml"
            )
        return opened

    @property
    def serves_nobody(self) -> bool:
        """Whether sluice:traffic is there and empty, which says that nobody is served."""
        return _config(read(self.text)).get(self._spelling("traffic")) == {}

    def with_traffic(self, percent: Mapping[str, int | float]) -> "StackFile":
        """The file with sluice:traffic declared as *percent*."""
        return self._put(("traffic",), dict(percent))

    def with_releases(self, entries: Mapping[str, Any], first: bool = False) -> "StackFile":
        """The file with *entries* added to sluice:releases, as the newest or as the *first*."""
        file = self
        for version, entry in list(entries.items())[:: -1 if first else 1]:
            file = file._put(("releases", version), entry, first)
        return file

    def without_releases(self, versions: Collection[str]) -> "StackFile":
        """The file without the entries of *versions* in sluice:releases, nor what marks them as previews."""
        file = self.without_previews(versions)
        for version in versions:
            file = file._cut(("releases", version))
        return file

    def with_previews(self, marks: Mapping[str, Any]) -> "StackFile":
        """The file with the versions of *marks* marked as previews so."""
        file = self
        for version, mark in marks.items():
            file = file._put(("previews", "open", version), mark)
        return file

    def without_previews(self, versions: Collection[str]) -> "StackFile":
        """The file in which none of *versions* is marked as a preview."""
        file = self
        for version in self.previews.keys() & set(versions):
            file = file._cut(("previews", "open", version))
        return file

    def write(self) -> None:
        """Make this the file's text, in one step for whoever reads it."""
        target = self.path.resolve()
        beside = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            beside.write_bytes(self.text.encode())
            shutil.copymode(target, beside)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)

    def _mapping(self, key: str) -> Mapping[str, Any]:
        found = _config(read(self.text)).get(self._spelling(key)) or {}
        if not isinstance(found, dict):
            raise ConfigError(f"{self.path.name}: sluice:{key} is {found!r}, not a mapping; see Pulumi.dev.yaml")
        return found

    def _spelling(self, key: str) -> str:
        """The key as this file writes it: the engine takes `traffic` for `sluice:traffic` too."""
        return key if key in _config(read(self.text)) else f"{PROJECT}:{key}"

    def _put(self, path: tuple[str, ...], value: Any, first: bool = False) -> "StackFile":
        key, *rest = path
        where = ("config", self._spelling(key), *rest)
        return StackFile(self.path, self._edited(lambda: put(self.text, where, value, first)))

    def _cut(self, path: tuple[str, ...]) -> "StackFile":
        key, *rest = path
        where = ("config", self._spelling(key), *rest)
        return StackFile(self.path, self._edited(lambda: cut(self.text, where)))

    def _edited(self, edit: Callable[[], str]) -> str:
        try:
            return edit()
        except YamlTextError as error:
            raise ConfigError(f"{self.path.name}: {error}; change it by hand and run `pulumi up`") from None


def load(path: Path) -> StackFile:
    """The stack file at *path*; ConfigError with line and column when it is not YAML."""
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        raise ConfigError(
            f"there is no {path.name} in {path.parent}; Pulumi.dev.yaml shows what goes into it"
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path.name}: byte {error.start + 1} is not UTF-8; save the file as UTF-8") from None
    try:
        _config(read(text))
    except YamlTextError as error:
        raise ConfigError(f"{path.name}: {error}") from None
    return StackFile(path, text)


def _config(document: Mapping[str, Any]) -> Mapping[str, Any]:
    config = document.get("config") or {}
    if not isinstance(config, dict):
        raise YamlTextError("config is no mapping")
    return config
