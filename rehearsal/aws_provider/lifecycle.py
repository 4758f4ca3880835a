"""One resource through its life: previewed, created, changed, read, in the form that the engine records."""

from dataclasses import dataclass
from typing import Any

from rehearsal.aws_provider import diff, shape
from rehearsal.aws_provider.check import DEFAULTS
from rehearsal.aws_provider.cloud import Aws, Cloud
from rehearsal.aws_provider.diff import Difference
from rehearsal.aws_provider.errors import AWS_ERRORS, RefusedError, UnfinishedError, told
from rehearsal.aws_provider.schema import Change, ResourceType
from rehearsal.aws_provider.values import UNKNOWN, Props

TAGS_ALL = "tagsAll"


@dataclass(frozen=True)
class Lifecycle:
    """A type, and the provider configuration its resources are made with."""

    kind: ResourceType
    cloud: Cloud

    def differences(self, olds: Props, news: Props, ignored: tuple[str, ...]) -> list[Difference]:
        """What an update would change; changed default tags are a change of every tagged resource."""
        found = diff.differences(self.kind, olds, news, ignored)
        if self.kind.tagged and "tags" not in {*ignored, *(one.name for one in found)}:
            wanted, recorded = self._all_tags(news), olds.get(TAGS_ALL) or {}
            if wanted is not UNKNOWN and wanted != recorded:
                found.append(Difference(TAGS_ALL, TAGS_ALL, diff.UPDATE, False))
        return found

    def change(self, resource_id: str, olds: Props, news: Props, ignored: tuple[str, ...]) -> Change:
        """The update from *olds* to *news*."""
        keys = frozenset(one.name for one in self.differences(olds, news, ignored))
        return Change(resource_id, olds, self._tagged(news), keys)

    def previewed(self, news: Props) -> Props:
        """The outputs of a create, as far as they are known before it."""
        return {**dict.fromkeys(self.kind.computed, UNKNOWN), **_without_defaults(self._tagged(news))}

    def update_previewed(self, change: Change) -> Props:
        """The outputs of an update, as far as they are known before it."""
        unsettled = self.kind.unsettles(change) if self.kind.unsettles else set()
        kept = {name: change.old[name] for name in self.kind.computed if name in change.old}
        return {**kept, **_without_defaults(change.new), **dict.fromkeys(unsettled, UNKNOWN)}

    def create(self, aws: Aws, news: Props) -> tuple[str, Props]:
        """The id and outputs of a new resource. UnfinishedError when it exists but could not be completed."""
        props = self._tagged(news)
        resource_id = self.kind.create(aws, props)
        try:
            if self.kind.complete:
                self.kind.complete(aws, resource_id, props)
            return resource_id, self._state(aws, resource_id, news, {})
        except (*AWS_ERRORS, RefusedError) as error:
            raise self._unfinished(aws, resource_id, news, error) from error

    def update(self, aws: Aws, change: Change) -> Props:
        """The outputs after a change in place."""
        try:
            if self.kind.update and change.keys:
                self.kind.update(aws, change)
        except UnfinishedError as error:
            raise self._unfinished(aws, change.id, change.new, error) from error
        return self._state(aws, change.id, change.new, change.old)

    def read(self, aws: Aws, resource_id: str, given: Props, kept: Props) -> tuple[Props, Props] | None:
        """The outputs and inputs as they are now; None when the resource is gone."""
        live = self.kind.read(aws, resource_id, given)
        if live is None:
            return None
        state = self._shaped(aws, live, given, kept)
        return state, shape.inputs(self.kind, state, given)

    def _state(self, aws: Aws, resource_id: str, given: Props, kept: Props) -> Props:
        live = self.kind.read(aws, resource_id, given)
        if live is None:
            raise RefusedError(f"{resource_id} was there a moment ago and is gone")
        return self._shaped(aws, live, given, kept)

    def _shaped(self, aws: Aws, live: Props, given: Props, kept: Props) -> Props:
        if self.kind.regional:
            live = {**live, "region": aws.region}
        return shape.outputs(self.kind, live, given, kept, self.cloud.default_tags)

    def _unfinished(self, aws: Aws, resource_id: str, news: Props, error: Exception) -> UnfinishedError:
        """The error with what there is, for the engine to record; if even that cannot be read, what was asked for."""
        why = told(error) if isinstance(error, AWS_ERRORS) else str(error)
        made = UnfinishedError(why)
        made.resource_id, made.inputs = resource_id, news
        try:
            made.state = self._state(aws, resource_id, news, {})
        except (*AWS_ERRORS, RefusedError):
            made.state = _without_defaults(news)
        return made

    def _tagged(self, news: Props) -> Props:
        return {**news, TAGS_ALL: self._all_tags(news)} if self.kind.tagged else news

    def _all_tags(self, news: Props) -> Any:
        tags = news.get("tags") or {}
        return UNKNOWN if tags is UNKNOWN else {**self.cloud.default_tags, **tags}


def _without_defaults(props: Props) -> Props:
    return {key: value for key, value in props.items() if key != DEFAULTS}
