"""What is wrong with the config, as lines a person can act on. Pure.

In: pydantic's errors over `config_model.Document`, or another model. Out: a line each: path, value, reason, what to
write instead.
"""

from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from components.config_model import Document

SECRET = ("salt", "notify")  # keys whose value is never shown
MAPPING, NUMBER = "it is no mapping of keys to values", "it is no whole number"
REASONS = {
    "model_type": MAPPING,
    "dict_type": MAPPING,
    "mapping_type": MAPPING,
    "list_type": "it is no list",
    "int_type": NUMBER,
    "int_from_float": NUMBER,
    "string_type": "it is no text",
    "bool_type": "it is neither true nor false",
    "literal_error": "it is not {expected}",
    "greater_than_equal": "it is less than {ge}",
    "less_than_equal": "it is more than {le}",
    "too_short": "it is empty",
    "string_too_short": "it is shorter than {min_length} characters",
}


def explain(fault: Any, document: type[BaseModel] = Document, prefix: str = "sluice:") -> str:
    """One of pydantic's errors over *document* as a line: path after *prefix*, value, reason, what to write instead."""
    path = [part for part in fault["loc"] if part != "[key]"]
    where = prefix + ".".join(map(str, path))
    if fault["type"] == "extra_forbidden":
        return f"{where} is no key of this program; known here: {', '.join(_known(path[:-1], document))}"
    name = next((part for part in reversed(path) if isinstance(part, str)), "")
    example = None if "[key]" in fault["loc"] else _look_up(path, document)[1]
    advice = f"write {name}: {example}" if example else ""
    if fault["type"] == "missing":
        return f"{where} is missing" + (f"; {advice}" if advice else "")
    reason = _reason(fault)
    if isinstance(fault["input"], dict | BaseModel) and fault["type"] == "value_error":
        return f"{where}: {reason}"
    shown = "its secret value" if path[:1] and path[0] in SECRET else short(fault["input"])
    return f"{where}: {shown}: {reason}" + (f"; {advice}" if advice else "")


def _reason(fault: Any) -> str:
    if fault["type"] in REASONS:
        return REASONS[fault["type"]].format(**fault.get("ctx", {}))
    return fault["msg"].removeprefix("Value error, ")


def _look_up(path: list[str | int], document: type[BaseModel]) -> tuple[Any, object]:
    """What may stand at *path*, bare, and an example of it."""
    kind, example = document, None
    for part in path:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = next(one for name, one in kind.model_fields.items() if part in (name, one.alias))
            kind, inner = _bare(field.annotation)
            example = (field.examples or [inner])[0]
        else:
            kind, inner = _bare(get_args(kind)[-1])  # the entries of a mapping or a list
            example = inner or (example if isinstance(part, int) else None)
    return kind, example


def _bare(annotation: Any) -> tuple[Any, object]:
    """*annotation* without `Annotated` and `| None`, and the example that it gives."""
    example = None
    while get_origin(annotation) in (Annotated, Union, UnionType):
        annotation, *rest = get_args(annotation)
        given = [one.examples[0] for one in rest if isinstance(one, FieldInfo) and one.examples]
        example = example or next(iter(given), None)
    return annotation, example


def _known(path: list[str | int], document: type[BaseModel]) -> list[str]:
    """The keys that may stand at *path*."""
    model, _ = _look_up(path, document)
    return [field.alias or name for name, field in model.model_fields.items()]


def short(value: object) -> str:
    """*value* as a message shows it, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:40]}… ({len(text) - 2} characters)"
