"""The ledger: what was published under each version, so that a version never means two things.

One record a release, made before its slice. In preview too: an artifact that does not exist is refused, and so is a
version whose content differs from what was published under it. A retired version's record goes with it.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
from pulumi import ResourceHook, ResourceHookArgs, ResourceHookBinding, ResourceHookOptions, ResourceOptions

from components.release import Release


class Ledger:
    """Publishes releases; *exists* tells whether an artifact (an AMI id) does."""

    def __init__(self, exists: Callable[[str], bool]) -> None:
        self._exists = exists
        options = ResourceHookOptions(on_dry_run=True)
        self._hooks = ResourceHookBinding(
            before_create=[ResourceHook("artifact-exists", self._check_artifact, options)],
            before_update=[ResourceHook("version-is-immutable", self._refuse_change, options)],
        )

    def publish(self, release: Release) -> pulumi.Resource:
        """The record of *release*; everything of its slice depends on it."""
        return pulumi.Stash(release.version, input=release.spec(), opts=ResourceOptions(hooks=self._hooks))

    async def _check_artifact(self, args: ResourceHookArgs) -> None:
        ami = _spec(args.new_inputs).get("ami")
        if ami and not await asyncio.to_thread(self._exists, ami):
            raise ValueError(
                f"sluice:releases.{args.name}.ami: {ami} does not exist in this region, or is not this account's to "
                "use; write the id of an AMI that is"
            )

    def _refuse_change(self, args: ResourceHookArgs) -> None:
        old, new = _spec(args.old_inputs), _spec(args.new_inputs)
        changed = ", ".join(sorted(key for key in {**old, **new} if old.get(key) != new.get(key)))
        raise ValueError(
            f"sluice:releases.{args.name}: {changed} differs from what was published under this version, and a release "
            f"never changes; put it back, or publish the new content under a new version"
        )


def _spec(inputs: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return (inputs or {}).get("input") or {}
