"""One resource through its life: previewed, created, changed, read, in the form that the engine records."""

from dataclasses import dataclass
from typing import Generic

from rehearsal.provider import diff, shape
from rehearsal.provider.check import DEFAULTS
from rehearsal.provider.diff import Difference
from rehearsal.provider.errors import Outside, RefusedError, UnfinishedError
from rehearsal.provider.schema import Change, ResourceType, W
from rehearsal.provider.values import UNKNOWN, Props


@dataclass(frozen=True)
class Lifecycle(Generic[W]):
    """A type, and what can go wrong outside while its resources are made. A provider may add to it by a subclass."""

    kind: ResourceType[W]
    outside: Outside

    def differences(self, olds: Props, news: Props, ignored: tuple[str, ...]) -> list[Difference]:
        """What an update would change."""
        return diff.differences(self.kind, olds, news, ignored)

    def change(self, resource_id: str, olds: Props, news: Props, ignored: tuple[str, ...]) -> Change:
        """The update from *olds* to *news*."""
        keys = frozenset(one.name for one in self.differences(olds, news, ignored))
        return Change(resource_id, olds, self.completed(news), keys)

    def previewed(self, news: Props) -> Props:
        """The outputs of a create, as far as they are known before it."""
        return {**dict.fromkeys(self.kind.computed, UNKNOWN), **without_defaults(self.completed(news))}

    def update_previewed(self, change: Change) -> Props:
        """The outputs of an update, as far as they are known before it."""
        unsettled = self.kind.unsettles(change) if self.kind.unsettles else set()
        kept = {name: change.old[name] for name in self.kind.computed if name in change.old}
        return {**kept, **without_defaults(change.new), **dict.fromkeys(unsettled, UNKNOWN)}

    def create(self, world: W, news: Props) -> tuple[str, Props]:
        """The id and outputs of a new resource. UnfinishedError when it exists but could not be completed."""
        props = self.completed(news)
        resource_id = self.kind.create(world, props)
        try:
            if self.kind.complete:
                self.kind.complete(world, resource_id, props)
            return resource_id, self.made(world, resource_id, news)
        except (*self.outside.errors, RefusedError) as error:
            raise self._unfinished(world, resource_id, news, error) from error

    def update(self, world: W, change: Change) -> Props:
        """The outputs after a change in place."""
        try:
            if self.kind.update and change.keys:
                self.kind.update(world, change)
        except UnfinishedError as error:
            raise self._unfinished(world, change.id, change.new, error) from error
        return self.changed(world, change)

    def read(self, world: W, resource_id: str, given: Props, kept: Props) -> tuple[Props, Props] | None:
        """The outputs and inputs as they are now; None when the resource is gone."""
        live = self.kind.read(world, resource_id, given)
        if live is None:
            return None
        state = self.shaped(world, live, given, kept)
        return state, shape.inputs(self.kind, state, given)

    def completed(self, news: Props) -> Props:
        """The inputs with what the provider adds to those of every resource."""
        return news

    def shaped(self, world: W, live: Props, given: Props, kept: Props) -> Props:
        """The outputs to record, when *live* is what the world says."""
        del world
        return shape.outputs(self.kind, live, given, kept)

    def made(self, world: W, resource_id: str, news: Props) -> Props:
        """The outputs to record of a new resource."""
        return self._state(world, resource_id, news, {})

    def changed(self, world: W, change: Change) -> Props:
        """The outputs to record after a change in place."""
        return self._state(world, change.id, change.new, change.old)

    def left(self, world: W, resource_id: str, news: Props) -> Props:
        """The outputs to record of what exists and is not finished; if it cannot be read, what was asked for."""
        try:
            return self._state(world, resource_id, news, {})
        except (*self.outside.errors, RefusedError):
            return without_defaults(news)

    def _state(self, world: W, resource_id: str, given: Props, kept: Props) -> Props:
        live = self.kind.read(world, resource_id, given)
        if live is None:
            raise RefusedError(f"{resource_id} was there a moment ago and is gone")
        return self.shaped(world, live, given, kept)

    def _unfinished(self, world: W, resource_id: str, news: Props, error: Exception) -> UnfinishedError:
        """The error with what there is, for the engine to record."""
        why = self.outside.told(error) if isinstance(error, self.outside.errors) else str(error)
        made = UnfinishedError(why)
        made.resource_id, made.inputs, made.state = resource_id, news, self.left(world, resource_id, news)
        return made


def without_defaults(props: Props) -> Props:
    """*props* without the note of what the program did not give."""
    return {key: value for key, value in props.items() if key != DEFAULTS}
