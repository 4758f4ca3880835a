"""What the senders say, each in its own shape. Pure.

In: a decoded body, headers, the services. Out: hints, none where it is about nothing that is released; RefusedError
(422) where it is not of that sender's shape.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, Field, ValidationError

from pipeline.errors import RefusedError
from pipeline.hint import Hint
from pipeline.settings import Service

Model = TypeVar("Model", bound=BaseModel)
Services = Mapping[str, Service]
Commit = Field(pattern=r"^[0-9a-f]{7,64}$")
Tag = Field(pattern=r"^\w[\w.-]{0,127}$")
HUB = ("docker.io/", "index.docker.io/", "registry-1.docker.io/")  # what its hooks leave out


class _Push(BaseModel):
    class _Repository(BaseModel):
        full_name: str

    class _Head(BaseModel):
        id: str = Commit
        timestamp: datetime | None = None

    ref: str
    deleted: bool = False
    repository: _Repository
    head_commit: _Head | None = None


class _Hub(BaseModel):
    class _Data(BaseModel):
        tag: str = Tag
        pushed_at: float | None = Field(default=None, ge=0, le=1e11, allow_inf_nan=False)

    class _Repository(BaseModel):
        repo_name: str

    push_data: _Data
    repository: _Repository
    callback_url: str | None = None


class _Codeship(BaseModel):
    class _Build(BaseModel):
        status: str
        branch: str
        commit_id: str = Commit
        project_full_name: str | None = None
        project_name: str | None = None

    build: _Build


class _Generic(BaseModel):
    repository: str
    tag: str = Tag
    commit: str | None = Field(default=None, pattern=r"^[0-9a-f]{7,64}$")


def github(body: Any, headers: Mapping[str, str], services: Services) -> list[Hint]:
    """Of a push: the tags under which the builds of its newest commit will come."""
    if headers.get("x-github-event") != "push":
        return []
    push = _parsed(_Push, body)
    if push.deleted or push.head_commit is None:
        return []
    commit = push.head_commit
    return [
        Hint(
            sender="github",
            service=name,
            tag=tag,
            commit=commit.id,
            pushed=commit.timestamp.timestamp() if commit.timestamp else None,
            delivery=_delivery(headers.get("x-github-delivery")),
        )
        for name, service in services.items()
        if service.github == push.repository.full_name and push.ref == f"refs/heads/{service.branch}"
        if (tag := service.tag_of(commit.id)) and service.allows(tag)
    ]


def dockerhub(body: Any, headers: Mapping[str, str], services: Services) -> list[Hint]:
    """Of an image that was pushed: its tag."""
    del headers
    said = _parsed(_Hub, body)
    hints = _of_image("dockerhub", said.repository.repo_name, said.push_data.tag, services)
    return [replace(hint, pushed=said.push_data.pushed_at, callback=said.callback_url) for hint in hints]


def codeship(body: Any, headers: Mapping[str, str], services: Services) -> list[Hint]:
    """Of a build that went through: the tag of its commit."""
    del headers
    build = _parsed(_Codeship, body).build
    project = build.project_full_name or build.project_name
    if build.status != "success":
        return []
    return [
        Hint(sender="codeship", service=name, tag=tag, commit=build.commit_id)
        for name, service in services.items()
        if service.codeship is not None and service.codeship == project and build.branch == service.branch
        if (tag := service.tag_of(build.commit_id)) and service.allows(tag)
    ]


def generic(body: Any, headers: Mapping[str, str], services: Services) -> list[Hint]:
    """Of {repository, tag, commit}: the tag."""
    del headers
    said = _parsed(_Generic, body)
    return [replace(hint, commit=said.commit) for hint in _of_image("generic", said.repository, said.tag, services)]


PARSERS: Mapping[str, Callable[[Any, Mapping[str, str], Services], list[Hint]]] = {
    "github": github,
    "dockerhub": dockerhub,
    "codeship": codeship,
    "generic": generic,
}


def _of_image(sender: str, repository: str, tag: str, services: Services) -> list[Hint]:
    return [
        Hint(sender=sender, service=name, tag=tag)
        for name, service in services.items()
        if _plain(service.image) == _plain(repository) and service.allows(tag)
    ]


def _plain(repository: str) -> str:
    return next((repository.removeprefix(hub) for hub in HUB if repository.startswith(hub)), repository)


def _delivery(given: str | None) -> str | None:
    return given if given and re.fullmatch(r"[\w-]{1,64}", given) else None


def _parsed(model: type[Model], body: Any) -> Model:
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the body"
        raise RefusedError(422, f"{where}: {first['msg']}") from None
