"""One entry of a YAML text taken out: every other byte, comments and order included, stays. Pure.

In: the text, the path of an entry. Out: the new text, which was read again and found to say just that. What stands in
the entry's own lines goes with it; a comment above it stays.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node

from ops.yaml_text import YamlTextError, after, end_of, parsed, read, says


def cut(text: str, path: Sequence[str]) -> str:
    """*text* without the entry at *path*; the mapping it was the last one of is empty then."""
    wanted = _without(read(text), path)
    *above, key = path
    edited = _cut(text, _mapping(parsed("compose", text), above), key)
    if not says(edited, wanted):
        raise YamlTextError(f"{'.'.join(path)} cannot be taken out in place (is it an alias?)")
    return edited


def _without(document: Mapping[str, Any], path: Sequence[str]) -> dict[str, Any]:
    result = copy.deepcopy(dict(document))
    inner = result
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return result


def _mapping(node: Node, path: Sequence[str]) -> MappingNode:
    for key in path:
        node = next(value for name, value in node.value if name.value == key)
    if not isinstance(node, MappingNode):
        raise YamlTextError(f"{'.'.join(path)} is no mapping")
    return node


def _cut(text: str, node: MappingNode, key: str) -> str:
    at = next(i for i, (name, _) in enumerate(node.value) if name.value == key)
    name, value = node.value[at]
    start, end = name.start_mark.index, end_of(text, value)
    if len(node.value) == 1:
        above = text[: node.start_mark.index]
        beside = above.rstrip() + " " if above.rstrip().endswith(":") else above  # where no comment stands between
        return beside + "{}" + text[node.end_mark.index if node.flow_style else end :]
    if not node.flow_style:
        return text[: start - node.start_mark.column] + text[after(text, end, node.start_mark.column + 1) :]
    if at + 1 < len(node.value):
        return text[:start] + text[node.value[at + 1][0].start_mark.index :]
    return text[: end_of(text, node.value[at - 1][1])] + text[end:]
