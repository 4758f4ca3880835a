"""How a resource type is described: its inputs, what the world decides about them, and the functions that act.

Everything the engine asks is answered from such a description: `check.py` validates by it, `diff.py` compares by it,
`shape.py` brings what the world says into the program's own form. The world is AWS, a daemon, whatever the
provider speaks to.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from rehearsal.provider.rules import Rule
from rehearsal.provider.values import Props

W = TypeVar("W")  # what the functions of a type reach the world through

TEXT, INTEGER, BOOLEAN, DOCUMENT = "a string", "a whole number", "true or false", "a JSON document"
BLOCK, LIST, SET, MAP = "an object", "a list", "a list without order", "a map of strings"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One input, or a part of one.

    `computed`: when it is omitted, the world decides and nothing differs. `local`: the world never gets to know it.
    """

    kind: str
    of: "Field | None" = None
    fields: Mapping[str, "Field"] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    default: Any = None
    required: bool = False
    computed: bool = False
    replaces: bool = False
    local: bool = False
    least: int = 0
    most: int | None = None


def text(*rules: Rule, **how: Any) -> Field:
    """A string for which every rule holds."""
    return Field(kind=TEXT, rules=rules, **how)


def integer(*rules: Rule, **how: Any) -> Field:
    """A whole number for which every rule holds."""
    return Field(kind=INTEGER, rules=rules, **how)


def boolean(**how: Any) -> Field:
    """True or false."""
    return Field(kind=BOOLEAN, **how)


def document(*rules: Rule, **how: Any) -> Field:
    """A JSON document as text; two are equal when they say the same."""
    return Field(kind=DOCUMENT, rules=rules, **how)


def block(fields: Mapping[str, Field], **how: Any) -> Field:
    """An object with these fields and no others."""
    return Field(kind=BLOCK, fields=fields, **how)


def listed(of: Field, **how: Any) -> Field:
    """A list in which order counts."""
    return Field(kind=LIST, of=of, **how)


def bag(of: Field, **how: Any) -> Field:
    """A list in which order does not count."""
    return Field(kind=SET, of=of, **how)


def strings(**how: Any) -> Field:
    """A list of strings in which order does not count."""
    return bag(text(), **how)


@dataclass(frozen=True)
class Failure:
    """An input that is refused: where, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class Change:
    """An update: what was recorded, what is wanted, and the names of the inputs that differ."""

    id: str
    old: Props
    new: Props
    keys: frozenset[str]

    def touches(self, *names: str) -> bool:
        """Whether any of the inputs *names* differs."""
        return not self.keys.isdisjoint(names)


@dataclass(frozen=True, kw_only=True)
class ResourceType(Generic[W]):
    """A type the stand-in serves. `create` makes it exist and answers its id; `complete` does the rest, and waits.

    `read` gets the inputs too, for the shape they have, and answers None when the resource is gone. `plan` looks at
    inputs that are valid one by one. `unsettles` names the outputs that an update makes unknown in a preview.
    """

    token: str
    inputs: Mapping[str, Field]
    outputs: tuple[str, ...] = ()
    create: Callable[[W, Props], str]
    complete: Callable[[W, str, Props], None] | None = None
    read: Callable[[W, str, Props], Props | None]
    update: Callable[[W, Change], None] | None = None
    delete: Callable[[W, str, Props], None]
    plan: Callable[[Props], list[Failure]] | None = None
    unsettles: Callable[[Change], set[str]] | None = None
    autoname: str | None = None
    autoname_lower: bool = False
    one_of: tuple[tuple[str, ...], ...] = ()
    at_most_one: tuple[tuple[str, ...], ...] = ()
    delete_first: bool = False

    @property
    def fields(self) -> dict[str, Field]:
        """All inputs, those among them that the provider adds."""
        return dict(self.inputs)

    @property
    def computed(self) -> set[str]:
        """The names of all outputs that the world may decide."""
        return {name for name, one in self.inputs.items() if one.computed} | set(self.outputs)
