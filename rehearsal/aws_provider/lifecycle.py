"""What AWS adds to a resource's life: tags that the provider gives to everything, and a region."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rehearsal.aws_provider.cloud import Aws, Cloud
from rehearsal.aws_provider.schema import TAGS_ALL, AwsType
from rehearsal.provider import diff
from rehearsal.provider.diff import Difference
from rehearsal.provider.lifecycle import Lifecycle
from rehearsal.provider.values import UNKNOWN, Props


@dataclass(frozen=True)
class AwsLifecycle(Lifecycle[Aws]):
    """A type of AWS, and the provider configuration its resources are made with."""

    kind: AwsType
    cloud: Cloud

    def differences(self, olds: Props, news: Props, ignored: tuple[str, ...]) -> list[Difference]:
        """What an update would change; changed default tags are a change of every tagged resource."""
        found = super().differences(olds, news, ignored)
        if self.kind.tagged and "tags" not in {*ignored, *(one.name for one in found)}:
            wanted, recorded = self._all_tags(news), olds.get(TAGS_ALL) or {}
            if wanted is not UNKNOWN and wanted != recorded:
                found.append(Difference(TAGS_ALL, TAGS_ALL, diff.UPDATE, False))
        return found

    def completed(self, news: Props) -> Props:
        """The inputs with all tags."""
        return {**news, TAGS_ALL: self._all_tags(news)} if self.kind.tagged else news

    def shaped(self, world: Aws, live: Props, given: Props, kept: Props) -> Props:
        """The outputs to record: with the region, and the resource's own tags told from the default ones."""
        if self.kind.regional:
            live = {**live, "region": world.region}
        if self.kind.tagged:
            own = own_tags(live.get(TAGS_ALL, {}), given.get("tags") or {}, self.cloud.default_tags)
            live = {**live, "tags": own}
        return super().shaped(world, live, given, kept)

    def _all_tags(self, news: Props) -> Any:
        tags = news.get("tags") or {}
        return UNKNOWN if tags is UNKNOWN else {**self.cloud.default_tags, **tags}


def own_tags(live: Mapping[str, str], given: Mapping[str, str], default_tags: Mapping[str, str]) -> dict[str, str]:
    """The live tags without those the provider's `defaultTags` explain."""
    return {key: value for key, value in live.items() if key in given or default_tags.get(key) != value}
