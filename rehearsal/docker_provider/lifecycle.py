"""What the real provider forgets and keeps: the state right after a create or an update is not what a refresh reads.

After a create, lists and maps are recorded as the program wrote them, and what it left out is not recorded at all, so
a spelling of the daemon's own shows up as a difference only after a refresh; single values are recorded as the daemon
has them. An update records what was asked for, whether or not anything was sent. What could not be finished is recorded
without anything that the daemon says.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rehearsal.docker_provider.daemon import Daemon
from rehearsal.docker_provider.schema import DockerType
from rehearsal.provider import diff
from rehearsal.provider.diff import Difference
from rehearsal.provider.lifecycle import Lifecycle, without_defaults
from rehearsal.provider.schema import BLOCK, LIST, MAP, SET, Change
from rehearsal.provider.values import Props

COLLECTIONS = (BLOCK, LIST, MAP, SET)


@dataclass(frozen=True)
class DockerLifecycle(Lifecycle[Daemon]):
    """A type of Docker."""

    kind: DockerType

    def differences(self, olds: Props, news: Props, ignored: tuple[str, ...]) -> list[Difference]:
        """What an update would change; a list that the daemon was never asked for differs too."""
        found = super().differences(olds, news, ignored)
        more = [*self._never_read(olds, news), *(self.kind.differs(olds, news) if self.kind.differs else ())]
        known = {*ignored, *(one.name for one in found)}
        return [*found, *(one for one in more if one.name not in known)]

    def read(self, world: Daemon, resource_id: str, given: Props, kept: Props) -> tuple[Props, Props] | None:
        """The outputs and inputs as they are now, or were recorded when the real provider never looks again."""
        return super().read(world, resource_id, given, kept) if self.kind.drifts else (kept, given)

    def made(self, world: Daemon, resource_id: str, news: Props) -> Props:
        """What was asked for, and what the daemon decided."""
        live = super().made(world, resource_id, news)
        state = {name: value for name, value in live.items() if name not in self.kind.inputs or name in news}
        for name, one in self.kind.inputs.items():
            if one.computed and name not in news and name in live:
                state[name] = live[name]
            elif one.kind in COLLECTIONS and name in news:
                state[name] = news[name]
        return state

    def changed(self, world: Daemon, change: Change) -> Props:
        """What was recorded, with what was asked for; nothing is read."""
        del world
        kept = {
            name: value
            for name, value in change.old.items()
            if name not in self.kind.inputs or self.kind.inputs[name].computed
        }
        return {**kept, **without_defaults(change.new)}

    def left(self, world: Daemon, resource_id: str, news: Props) -> Props:
        """What was asked for."""
        del world, resource_id
        return without_defaults(news)

    def _never_read(self, olds: Props, news: Props) -> Iterator[Difference]:
        """A finished create records even an empty list; that one is missing means that a create failed half-way."""
        for name, one in self.kind.inputs.items():
            if one.computed and one.kind == LIST and name not in olds and name not in news:
                yield Difference(name, name, diff.ADD, one.replaces)
        for name in self.kind.listed_outputs:
            if name not in olds:
                yield Difference(name, name, diff.UPDATE, False)
