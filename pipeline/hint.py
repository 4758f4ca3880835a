"""What a hook makes known: that a tag may name another image now. Pure data.

Nothing in it is believed but that it is worth a look: the tag has to be one that the service allows, and which image it
names, its registry says.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Hint:
    """`pushed`: when, in unix seconds, by the sender's clock; `delivery`: the sender's name for this very message;
    `callback`: where the sender wants to hear of the end.
    """

    sender: str
    service: str
    tag: str
    commit: str | None = None
    pushed: float | None = None
    delivery: str | None = None
    callback: str | None = None
