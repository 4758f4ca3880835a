"""The ledger: what was published under each version, so that a version never means two things.

In: releases, in the config's order. Out: one record each, made before its slice. In preview too: an artifact that does
not exist is refused, and so is a version whose content differs from what was published under it. A retired version's
record goes with it.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
from pulumi import ResourceHook, ResourceHookArgs, ResourceHookBinding, ResourceHookOptions, ResourceOptions

from components import provenance
from components.release import Release


class Ledger:
    """Publishes releases *where* they are bound to, of builders in *trust* if it names any; *fault* tells why a spec's
    artifact cannot be had, or None.
    """

    def __init__(
        self, where: Mapping[str, str], trust: Mapping[str, str], fault: Callable[[Mapping[str, Any]], str | None]
    ) -> None:
        self._where = where
        self._trust = trust
        self._fault = fault
        self._releases: dict[str, Release] = {}
        options = ResourceHookOptions(on_dry_run=True)
        self._hooks = ResourceHookBinding(
            before_create=[ResourceHook("artifact-exists", self._check_artifact, options)],
            before_update=[ResourceHook("version-is-immutable", self._refuse_change, options)],
        )

    def publish(self, release: Release) -> pulumi.Resource:
        """The record of *release*; everything of its slice depends on it."""
        self._releases[release.version] = release
        spec = {**release.spec(), **self._where}
        return pulumi.Stash(release.version, input=spec, opts=ResourceOptions(hooks=self._hooks))

    async def _check_artifact(self, args: ResourceHookArgs) -> None:
        fault = provenance.fault(self._releases[args.name], self._trust)  # first: no stranger's artifact is looked at
        fault = fault or await asyncio.to_thread(self._fault, _spec(args.new_inputs))
        if fault:
            raise ValueError(f"sluice:releases.{args.name}.{fault}")

    def _refuse_change(self, args: ResourceHookArgs) -> None:
        old, new = _spec(args.old_inputs), _spec(args.new_inputs)
        if old.get("region") != new.get("region"):
            raise ValueError(
                f"aws:region: {args.name} was published in {old.get('region')}, and this stack now says "
                f"{new.get('region')}; put the region back, or make another stack for another region"
            )
        changed = sorted(key for key in {**old, **new} if old.get(key) != new.get(key))
        was = ", ".join(f"{key}: {_shown(old[key])}" if key in old else f"no {key}" for key in changed)
        raise ValueError(
            f"sluice:releases.{args.name}: {', '.join(changed)} differs from what was published under this version, "
            f"and a release never changes; put {was} there again, or publish the new content under a new version"
        )


def _shown(value: Any) -> str:
    """*value* as it is written in YAML; the engine makes every number a float."""
    whole = isinstance(value, float) and value.is_integer()
    return json.dumps(int(value) if whole else value, ensure_ascii=False)


def _spec(inputs: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return (inputs or {}).get("input") or {}
