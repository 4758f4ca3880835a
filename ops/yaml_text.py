"""One entry of a YAML text set in place: every other byte, comments and order included, stays. Pure.

In: the text, the path of an entry, its new value. Out: the new text, which was read again and found to say just that.
"""

import copy
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node

# Text that every YAML reader takes for text without quotes; anything else is written as JSON, which is YAML too.
PLAIN = re.compile(r"(?!(?:true|false|yes|no|on|off|y|n|null)$)[a-z][\w./@-]*(?::[\w./@-]+)*", re.IGNORECASE | re.ASCII)


class YamlTextError(ValueError):
    """The text is not YAML, or cannot be edited; the message says where and why."""


def read(text: str) -> dict[str, Any]:
    """What *text* says; it must be a mapping or empty."""
    document = parsed("load", text)
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise YamlTextError("line 1: it is no mapping")
    return document


def put(text: str, path: Sequence[str], value: Any, first: bool = False) -> str:
    """*text* with the entry at *path* set to *value*; a new one comes last in its mapping, or *first*."""
    wanted = _with(read(text), path, value)
    root = parsed("compose", text)
    if root is None:
        edited = f"{text}{_newline_due(text)}{_entry(path[0], _nested(path[1:], value), 0, 2)}"
    else:
        edited = _put(text, root, path, value, first)
    if not says(edited, wanted):
        raise YamlTextError(f"{'.'.join(path)} cannot be set in place (is it an alias?)")
    return edited


def parsed(how: str, text: str) -> Any:
    """*text* as `load` or `compose` has it; YamlTextError says where it is not YAML."""
    try:
        return getattr(YAML(typ="safe", pure=True), how)(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise YamlTextError(f"{where}{error.problem or error.context}") from None
    except YAMLError as error:
        raise YamlTextError(str(error).replace("\n", " ")) from None


def says(text: str, wanted: Mapping[str, Any]) -> bool:
    """Whether *text* says just what is *wanted*."""
    try:
        return read(text) == wanted
    except YamlTextError:
        return False


def _with(document: Mapping[str, Any], path: Sequence[str], value: Any) -> dict[str, Any]:
    result = copy.deepcopy(dict(document))
    inner = result
    for key in path[:-1]:
        inner[key] = inner.get(key) or {}
        inner = inner[key]
    inner[path[-1]] = value
    return result


def _nested(path: Sequence[str], value: Any) -> Any:
    for key in reversed(path):
        value = {key: value}
    return value


def _put(text: str, node: MappingNode, path: Sequence[str], value: Any, first: bool) -> str:
    key, *rest = path
    found = next(((k, v) for k, v in node.value if k.value == key), None)
    if found is None:
        return _insert(text, node, key, _nested(rest, value), first)
    child = found[1]
    if rest and isinstance(child, MappingNode) and child.value:
        return _put(text, child, rest, value, first)
    return _replace(text, found[0], child, _nested(rest, value))


def _replace(text: str, key: Node, node: Node, value: Any) -> str:
    start, end = node.start_mark.index, end_of(text, node)
    if isinstance(node, MappingNode) and not node.flow_style and isinstance(value, dict) and value:
        column = node.start_mark.column
        lines = [f"{_scalar(name)}: {_flow(inner)}" for name, inner in value.items()]
        return text[:start] + f"\n{' ' * column}".join(lines) + text[end:]
    if node.start_mark.index == node.end_mark.index:  # nothing is there: its mark is that of what follows
        start = end = text.index(":", key.end_mark.index) + 1
        return f"{text[:start]} {_flow(value)}{text[end:]}"
    if value == {} and not text[key.end_mark.index : start].strip(": \n"):  # no comment stands between
        start = key.end_mark.index
        return f"{text[:start]}: {{}}{text[end:]}"
    airy = text[start : start + 2] == "{ "
    return text[:start] + _flow(value, airy) + text[end:]


def _insert(text: str, node: MappingNode, key: str, value: Any, first: bool) -> str:
    if node.flow_style:
        entry = f"{_scalar(key)}: {_flow(value)}"
        if not node.value:
            return f"{text[: node.start_mark.index]}{{{entry}}}{text[node.end_mark.index :]}"
        if first:
            at = node.start_mark.index + 1
            at += len(text[at:]) - len(text[at:].lstrip())
            return f"{text[:at]}{entry}, {text[at:]}"
        at = end_of(text, node.value[-1][1])
        return f"{text[:at]}, {entry}{text[at:]}"
    column = node.start_mark.column
    sibling = node.value[0 if first else -1][1]
    is_block = isinstance(sibling, MappingNode) and not sibling.flow_style
    entry = _entry(key, value, column, sibling.start_mark.column - column if is_block else 0)
    at = node.start_mark.index - column if first else after(text, end_of(text, node), column)
    return f"{text[:at]}{_newline_due(text[:at])}{entry}{text[at:]}"


def _entry(key: str, value: Any, column: int, step: int) -> str:
    """The lines of one entry in block style; its value in flow style, or, with a *step*, indented by that."""
    indent = " " * column
    if step and isinstance(value, dict):
        lines = (f"{indent}{' ' * step}{_scalar(name)}: {_flow(inner)}\n" for name, inner in value.items())
        return f"{indent}{_scalar(key)}:\n{''.join(lines)}"
    return f"{indent}{_scalar(key)}: {_flow(value)}\n"


def end_of(text: str, node: Node) -> int:
    """Where *node* ends; a block's own mark lies past the comments that follow it."""
    if isinstance(node, CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        return end_of(text, last[1] if isinstance(last, tuple) else last)
    return len(text[: node.end_mark.index].rstrip())


def after(text: str, end: int, column: int) -> int:
    """Where the line with *end* is over, and the comments right below it that are indented by *column* or more."""
    at = line_end(text, end)
    while (comment := re.match(r" *#", text[at:])) and comment.end() > column:
        at = line_end(text, at)
    return at


def line_end(text: str, at: int) -> int:
    """Where the line with *at* is over."""
    return text.find("\n", at) + 1 or len(text)


def _newline_due(text: str) -> str:
    return "\n" if text and not text.endswith("\n") else ""


def _flow(value: Any, airy: bool = False) -> str:
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_scalar(key)}: {_flow(inner)}" for key, inner in value.items())
        return f"{{ {inside} }}" if airy and inside else f"{{{inside}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, str) and PLAIN.fullmatch(value):
        return value
    return json.dumps(value, ensure_ascii=False)
