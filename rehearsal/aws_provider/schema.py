"""What nearly every type of AWS has besides its own inputs: a region, and tags."""

from dataclasses import dataclass

from rehearsal.aws_provider.cloud import Aws
from rehearsal.provider.schema import MAP, TEXT, Field, ResourceType, text

TAGS_ALL = "tagsAll"


def tags() -> dict[str, Field]:
    """The `tags` of nearly every type."""
    return {"tags": Field(kind=MAP, of=text())}


@dataclass(frozen=True, kw_only=True)
class AwsType(ResourceType[Aws]):
    """A type of AWS."""

    regional: bool = True

    @property
    def fields(self) -> dict[str, Field]:
        """All inputs, the region among them."""
        return {**self.inputs, **({"region": Field(kind=TEXT, replaces=True)} if self.regional else {})}

    @property
    def tagged(self) -> bool:
        """Whether it has `tags` and `tagsAll`."""
        return "tags" in self.inputs and self.inputs["tags"].kind == MAP

    @property
    def computed(self) -> set[str]:
        """The names of all outputs that AWS may decide."""
        return super().computed | ({TAGS_ALL} if self.tagged else set())
