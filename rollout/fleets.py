"""What a fleet promises while traffic walks: it does not shrink, and a newcomer's is large enough."""

from collections.abc import Collection, Mapping
from typing import Protocol


class Fleets(Protocol):
    """The instances behind slices, by version. An external release has none: it is left out of every answer.

    Each method raises RouterError, with what was tried, when the platform cannot be reached or refuses.
    """

    def desired(self, versions: Collection[str]) -> Mapping[str, int]:
        """How many instances each of *versions* is to have now."""
        ...

    def grow(self, version: str, size: int) -> None:
        """Let *version* have at least *size* instances; never fewer than it has."""
        ...

    def hold(self, versions: Collection[str]) -> None:
        """Protect every present and new instance of *versions* from scale-in; again: those that came since."""
        ...

    def let_go(self, versions: Collection[str]) -> None:
        """Lift what `hold` set, also what a dead walk left."""
        ...


class Fixed:
    """Fleets whose size never changes: there is nothing to grow, and nobody who would shrink them."""

    def desired(self, versions: Collection[str]) -> Mapping[str, int]:
        """Nothing that could be another number."""
        del versions
        return {}

    def grow(self, version: str, size: int) -> None:
        """Never asked, since nothing is desired."""

    def hold(self, versions: Collection[str]) -> None:
        """Nothing to hold."""

    def let_go(self, versions: Collection[str]) -> None:
        """Nothing was held."""
