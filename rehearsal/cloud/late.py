"""Things as they were a while ago. Pure: times are given, in monotonic seconds."""

from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Late(Generic[K, V]):
    """What each key is seen to have, when its changes are seen late. What was seen once is never unseen."""

    def __init__(self) -> None:
        self._past: dict[K, list[tuple[float, V]]] = {}  # what is seen, then what is not seen yet

    def follow(self, values: Mapping[K, V], seconds: float, now: float) -> dict[K, V]:
        """Note the *values* of *now*; those that are seen, which are *seconds* old or, of a new key, its first."""
        self._past = {key: self._noted(key, value, now) for key, value in values.items()}
        for past in self._past.values():
            while len(past) > 1 and past[1][0] <= now - seconds:
                del past[0]
        return {key: past[0][1] for key, past in self._past.items()}

    def _noted(self, key: K, value: V, now: float) -> list[tuple[float, V]]:
        past = self._past.get(key, [])
        return past if past and past[-1][1] == value else [*past, (now, value)]
