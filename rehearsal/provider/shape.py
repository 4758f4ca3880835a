"""What the world says, brought into the form the program wrote: one order, one spelling, nothing the program left open.

`settle` makes outputs that compare equal to the inputs they came from; `project` makes the inputs that a refresh
records, so that what changed outside shows up as a change.
"""

from typing import Any

from rehearsal.provider import schema
from rehearsal.provider.check import DEFAULTS
from rehearsal.provider.diff import is_empty, said, same
from rehearsal.provider.schema import Field, ResourceType
from rehearsal.provider.values import UNKNOWN, Props


def outputs(kind: ResourceType, live: Props, given: Props, kept: Props) -> Props:
    """The state to record. *given* are the inputs, *kept* the state so far, for what only Pulumi knows."""
    state = dict(live)
    for name, one in kind.fields.items():
        if one.local:
            state[name] = given.get(name, kept.get(name, one.default))
        elif name in state:
            state[name] = settle(one, state[name], given.get(name))
    return state


def settle(one: Field, live: Any, given: Any) -> Any:
    """*live*, written as *given* is where the two say the same."""
    if given is None or given is UNKNOWN or live is None:
        return live
    if one.kind == schema.DOCUMENT:
        return given if said(given) == said(live) else live
    if one.kind == schema.BLOCK:
        return {name: settle(one.fields[name], part, given.get(name)) for name, part in live.items()}
    if one.kind == schema.LIST and len(live) == len(given):
        assert one.of is not None
        return [settle(one.of, part, wanted) for part, wanted in zip(live, given, strict=True)]
    if one.kind == schema.SET:
        return _settle_set(one, live, given)
    return live


def _settle_set(one: Field, live: list[Any], given: list[Any]) -> list[Any]:
    assert one.of is not None
    left, placed = list(live), []
    for wanted in given:
        match = next((item for item in left if same(one.of, item, wanted)), None)
        if match is not None:
            left.remove(match)
            placed.append(settle(one.of, match, wanted))
    return [*placed, *left]


def inputs(kind: ResourceType, state: Props, given: Props) -> Props:
    """The inputs to record for *state*, when *given* were recorded before (none: the resource is being imported)."""
    found: Props = {}
    for name, one in kind.fields.items():
        if name in given:
            found[name] = project(one, state.get(name), given[name])
        elif not one.computed and not one.local and one.default is None and not is_empty(state.get(name)):
            found[name] = _bare(one, state[name])
    defaults = {DEFAULTS: given[DEFAULTS]} if DEFAULTS in given else {DEFAULTS: []}
    return {**{name: value for name, value in found.items() if value is not None}, **defaults}


def project(one: Field, state: Any, given: Any) -> Any:
    """The parts of *state* that *given* speaks of."""
    if is_empty(state) and is_empty(given):
        return given
    if state is None:
        return None
    if one.kind == schema.BLOCK:
        parts = {name: project(one.fields[name], state.get(name), wanted) for name, wanted in given.items()}
        return {name: part for name, part in parts.items() if part is not None}
    if one.kind in (schema.LIST, schema.SET) and isinstance(given, list):
        assert one.of is not None
        wanted = [*given, *[None] * len(state)]
        return [
            project(one.of, part, like) if like is not None else _bare(one.of, part)
            for part, like in zip(state, wanted, strict=False)
        ]
    return state


def _bare(one: Field, value: Any) -> Any:
    """*value* without what the world decided by itself."""
    if one.kind == schema.BLOCK:
        return {
            name: _bare(part, value[name])
            for name, part in one.fields.items()
            if not is_empty(value.get(name)) and not part.computed and value[name] != part.default
        }
    if one.kind in (schema.LIST, schema.SET):
        assert one.of is not None
        return [_bare(one.of, item) for item in value]
    return value
