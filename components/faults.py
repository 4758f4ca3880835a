"""What is wrong with the config, as lines a person can act on. Pure.

In: pydantic's errors over `config_model.Document`. Out: a line each: path, value, reason, what to write instead.
"""

from typing import Any

from pydantic import BaseModel

from components.config_model import Document


def explain(fault: Any) -> str:
    """One of pydantic's errors as a line: path, value, reason, what to write instead."""
    path = [str(part) for part in fault["loc"] if part != "[key]"]
    where = "sluice:" + ".".join(path)
    _, example = _look_up(path)
    if fault["type"] == "missing":
        return f"{where} is missing" + (f"; write one, such as {path[-1]}: {example}" if example else "")
    if fault["type"] == "extra_forbidden":
        known = ", ".join(_known(_look_up(path[:-1])[0]))
        return f"{where} is no key of this program; known here: {known}"
    reason = fault["msg"].removeprefix("Value error, ")
    if not example or (fault["type"] == "value_error" and isinstance(fault["input"], dict)):
        shown = "" if isinstance(fault["input"], (dict, BaseModel)) else f" {short(fault['input'])}:"
        return f"{where}:{shown} {reason}"
    return f"{where}: {short(fault['input'])}: {reason}; write {path[-1]}: {example}"


def _look_up(path: list[str]) -> tuple[type[BaseModel] | None, object]:
    """The model at *path*, or the example of the field there."""
    model: type[BaseModel] | None = Document
    example: object = None
    for part in path:
        if model is None:
            break
        field = next((f for name, f in model.model_fields.items() if part in (name, f.alias)), None)
        if field is None:
            continue  # a version or a variable: the name of an entry, not of a field
        model, example = _inner(field.annotation), (field.examples or [None])[0]
    return model, example


def _inner(annotation: Any) -> type[BaseModel] | None:
    """The model inside *annotation*, such as that of `dict[str, Model]` or `Model | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_inner(part) for part in getattr(annotation, "__args__", ()))
    return next((model for model in found if model), None)


def _known(model: type[BaseModel] | None) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


def short(value: object) -> str:
    """*value* as a message shows it, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:40]}… ({len(text) - 2} characters)"
