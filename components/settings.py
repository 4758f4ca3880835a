"""Settings: the stack's config, read whole, validated, and refused by name before any resource exists.

In: the `sluice:` and `aws:` config of the stack. Out: `Settings`; or one error that lists each wrong key with its path,
its value, the reason, and what to write instead.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime.config import CONFIG, is_config_secret
from pydantic import ValidationError

from components import fit, naming, previews
from components.config_data import Data
from components.config_docker import Container, Docker
from components.config_model import Document, Listener, Network, ReleaseEntry, Service
from components.config_previews import Previews
from components.config_rollout import Metrics
from components.config_types import VERSION
from components.faults import explain, short
from components.release import Release
from components.traffic import Traffic, declare
from rollout import versions
from rollout.strategy import Strategy

PROJECT = "sluice"
PLAIN = ("platform", "salt", "journal")  # the keys whose value is text; every other one is an object
SECRET = ("salt", "notify")  # the keys that may be encrypted: no rollback reads them


class SettingsError(pulumi.RunError):
    """The config is wrong; the message lists every fault (the engine shows it without a traceback)."""


@dataclass(frozen=True)
class Settings:
    """The validated config of one stack; `aws` holds the provider's own keys, decoded."""

    platform: str
    service: Service
    network: Network
    listener: Listener
    releases: tuple[Release, ...]
    docker: Docker
    data: Data
    traffic: Traffic
    strategy: Strategy
    metrics: Metrics
    keep: int
    previews: Previews
    journal: str | None
    notify: tuple[str, ...]
    trust: Mapping[str, str]
    salt: str | None
    aws: Mapping[str, Any]

    @property
    def slow(self) -> float | None:
        """Seconds from which an answer counts as slow; None where no gate counts such."""
        return self.strategy.latency.over if self.strategy.latency else None


def load() -> Settings:
    """The running program's settings; SettingsError."""
    raw = CONFIG.get()
    secret = [key for key in raw if is_config_secret(key)]
    return parse(raw, secret)


def parse(raw: Mapping[str, str], secret: Collection[str] = ()) -> Settings:
    """Settings from config as the engine hands it over: text by full key, `secret` the keys that are encrypted."""
    ours = {key.partition(":")[2]: value for key, value in raw.items() if key.startswith(f"{PROJECT}:")}
    aws = {key.partition(":")[2]: _decode(value) for key, value in raw.items() if key.startswith("aws:")}
    _check_secrets(secret, ours)
    document = _document({key: value if key in PLAIN else _decode(value) for key, value in ours.items()})
    _check_fit(document)
    releases = tuple(
        _release(version, entry, document.service) for version, entry in _checked(document.releases, document.service)
    )
    _check_slow(document)
    try:
        traffic = declare(document.traffic, [release.version for release in releases])
    except ValueError as error:
        raise SettingsError(f"sluice:traffic: {error}") from None
    return Settings(
        platform=document.platform,
        service=document.service,
        network=document.network,
        listener=document.listener,
        releases=releases,
        docker=document.docker,
        data=document.data,
        traffic=traffic,
        strategy=document.rollout.strategy(),
        metrics=document.metrics,
        keep=document.keep,
        previews=document.previews,
        journal=document.journal,
        notify=tuple(document.notify),
        trust=document.trust,
        salt=document.salt,
        aws=aws,
    )


def _check_secrets(secret: Collection[str], ours: Mapping[str, str]) -> None:
    for key in sorted(ours):
        if key not in SECRET and f"{PROJECT}:{key}" in secret:
            raise SettingsError(
                f"sluice:{key}: it holds a `secure:` value, which would hide the whole key from the history that "
                "rollback reads; name where the value lives instead, such as secrets: {DB: arn:aws:secretsmanager:…}"
            )
    if "salt" in ours and f"{PROJECT}:salt" not in secret:
        raise SettingsError(
            "sluice:salt is in clear text; set it again with `pulumi config set --secret sluice:salt …`"
        )


def _check_fit(document: Document) -> None:
    if faults := [*fit.faults(document), *previews.faults(document)]:
        raise SettingsError("\n".join(faults))


def _check_slow(document: Document) -> None:
    source = document.metrics.prometheus
    if document.rollout.gates.latency and source and not source.slow:
        raise SettingsError(
            "sluice:metrics.prometheus.slow is missing, and the latency gate counts it; write a query of a rising "
            "counter of slow requests, or leave sluice:rollout.gates.latency out"
        )


def _decode(value: str) -> Any:
    """The value behind *value*: objects, numbers and booleans arrive as JSON, text as it is."""
    try:
        return json.loads(value)
    except (json.JSONDecodeError, TypeError):
        return value


def _document(values: Mapping[str, Any]) -> Document:
    try:
        return Document.model_validate(values)
    except ValidationError as error:
        faults = [explain(fault) for fault in error.errors()]
        raise SettingsError("\n".join(dict.fromkeys(faults))) from None


def _checked(entries: Mapping[str, ReleaseEntry], service: Service) -> list[tuple[str, ReleaseEntry]]:
    """The entries of sluice:releases, their versions fit for headers, tags and names."""
    seen: dict[str, str] = {}
    for version in entries:
        if not VERSION.fullmatch(version):
            raise SettingsError(
                f"sluice:releases: {short(version)} is no version; use 1 to 40 letters, digits, dots, hyphens or "
                "underscores, such as v42, beginning and ending with a letter or digit"
            )
        if version.lower() in seen:
            raise SettingsError(
                f"sluice:releases: {seen[version.lower()]} and {version} differ only in case, and header values know "
                "none; give one of them another version"
            )
        seen[version.lower()] = version
    for one, other in naming.collisions(service.name, entries):
        raise SettingsError(
            f"sluice:releases: {one} and {other} would get the same isolation priority (it is made from the version); "
            f"give {other} another version, such as {other}a"
        )
    return [(version, entries[version]) for version in versions.in_order(entries)]


def _release(version: str, entry: ReleaseEntry, service: Service) -> Release:
    if entry.external:
        return Release(version=version, target_group=entry.external.target_group)
    return Release(
        version=version,
        ami=entry.ami,
        image=entry.image,
        size=entry.size or service.size,
        instance=entry.instance or service.instance,
        root=entry.root or service.root,
        port=entry.port or service.port,
        health=entry.health or service.health,
        boot=service.boot if entry.boot is None else entry.boot,
        env=entry.env,
        secrets=entry.secrets,
        container=_container(entry, service) if entry.ami is None else None,
        schema=entry.schema_.model_dump() if entry.schema_ else None,
        signature=entry.signature,
    )


def _container(entry: ReleaseEntry, service: Service) -> Container:
    """The service's, with what the release says otherwise."""
    own = entry.container
    return service.container.over(own.model_dump(include=own.model_fields_set)) if own else service.container
