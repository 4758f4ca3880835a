"""The receiver's settings: `pipeline.yaml`, read whole, validated, and refused by name before it listens.

In: the file, and the files of secrets that it names. Out: `Settings`, or one SettingsError that lists each fault.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from components.config_types import Ami, seconds, text
from components.faults import explain
from pipeline.cosign import is_beside
from pipeline.errors import SettingsError
from pipeline.page.settings import Page, PageModel, page_of

SHORTEST = 32  # characters of a secret: nobody guesses that, at any rate
LISTEN = re.compile(r"(\[[0-9a-f:]+\]|[\w.-]+):(\d{1,5})")
Duration = Annotated[int, BeforeValidator(seconds), Field(ge=1, examples=["5m"])]
Repository = Annotated[str, text(r"[a-z0-9.-]+(:\d+)?(/[a-z0-9._-]+)+", "repository with its registry")]
Project = Annotated[str, text(r"[\w.-]+/[\w.-]+", "project of the form owner/name")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Service(_Model):
    """One service: the stack that it is released to, the repository of its images, and which tags of it count.

    `ami`: of the machines on whose Docker it runs, where the stack is on AWS. `commit_tag`: the tag under which the
    build of a commit is pushed, with {commit} or {short} (7 characters) in it; `github`, `codeship`: the project whose
    hooks are its own; `branch`: the one whose commits are released. `poll`: seconds between two looks for what no hook
    told of; `patience`: how long a tag that was announced may take to come. `signed`: an image counts only once
    cosign's signature is there too, and is released with it.
    """

    stack: Annotated[str, text(r"[\w.-]+", "name of a stack")] = Field(examples=["prod"])
    image: Repository = Field(examples=["docker.io/acme/shop"])
    ami: Ami | None = Field(default=None, examples=["ami-0123456789abcdef0"])
    tags: list[str] = Field(min_length=1, examples=['["main-*"]'])
    commit_tag: Annotated[str, text(r"[\w.-]*\{(commit|short)\}[\w.-]*", "tag with {commit} or {short}")] | None = (
        Field(default=None, examples=['"main-{short}"'])
    )
    github: Project | None = Field(default=None, examples=["acme/shop"])
    codeship: Project | None = Field(default=None, examples=["acme/shop"])
    branch: str = Field(default="main", examples=["main"])
    poll: Duration = 300
    patience: Duration = 3600
    signed: bool = Field(default=False, strict=True, examples=["true"])

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.signed and self.ami:
            raise ValueError(
                "`signed`: cosign signs images, not the `ami` that they run on, so it would prove half of a release; "
                "remove `signed`, and where sluice:trust asks for a signature, run `python -m ops release` by hand"
            )
        return self

    def allows(self, tag: str) -> bool:
        """Whether *tag* is one of those that are released; what is kept beside an image is none."""
        return not is_beside(tag) and any(fnmatchcase(tag, pattern) for pattern in self.tags)

    def tag_of(self, commit: str) -> str | None:
        """The tag under which the build of *commit* is pushed; None where commits are not followed."""
        return self.commit_tag.format(commit=commit, short=commit[:7]) if self.commit_tag else None


class _Senders(_Model):
    github: str | None = Field(default=None, examples=["/etc/sluice/github"])
    dockerhub: str | None = Field(default=None, examples=["/etc/sluice/dockerhub"])
    codeship: str | None = Field(default=None, examples=["/etc/sluice/codeship"])
    generic: str | None = Field(default=None, examples=["/etc/sluice/generic"])


class _Github(_Model):
    token: str = Field(examples=["/etc/sluice/github-token"])
    api: Annotated[str, text(r"https?://\S+", "URL")] = Field(default="https://api.github.com", examples=[None])


class _Document(_Model):
    listen: Annotated[str, text(LISTEN.pattern, "address with a port")] = Field(
        default="127.0.0.1:9000", examples=["127.0.0.1:9000"]
    )
    folder: str = Field(default=".sluice/pipeline", examples=[".sluice/pipeline"])
    services: dict[Annotated[str, text(r"[a-z][a-z0-9-]*", "name")], Service] = Field(min_length=1)
    senders: _Senders
    status: _Github | None = None
    page: PageModel = PageModel()


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Validated. `secrets`: of each sender that is heard; `api` of GitHub and the `token` for commit statuses."""

    host: str
    port: int
    folder: Path
    services: Mapping[str, Service]
    secrets: Mapping[str, bytes]
    api: str | None = None
    token: str | None = None
    page: Page = field(default_factory=Page)


def load(file: Path) -> Settings:
    """The settings in *file*; relative paths in it are from its folder. SettingsError."""
    try:
        raw = YAML(typ="safe").load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror}; docs/pipeline.md shows one to begin with") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: it is no YAML: {' '.join(str(error).split())}") from None
    return parse(raw, file.parent)


def parse(raw: Any, folder: Path) -> Settings:
    """Settings from the decoded file; secrets are read from *folder* on."""
    try:
        document = _Document.model_validate(raw)
    except ValidationError as error:
        raise SettingsError("\n".join(explain(one, _Document, "pipeline.yaml: ") for one in error.errors())) from None
    listen = LISTEN.fullmatch(document.listen)
    assert listen is not None
    named = {name: path for name, path in document.senders.model_dump().items() if path}
    if not named:
        raise SettingsError(
            "pipeline.yaml: senders: nobody is heard; name the file of a secret, such as github: /etc/sluice/github"
        )
    return Settings(
        host=listen[1].strip("[]"),
        port=int(listen[2]),
        folder=folder / document.folder,
        services=document.services,
        secrets={name: _secret(f"senders.{name}", folder / path).encode() for name, path in named.items()},
        api=document.status.api if document.status else None,
        token=_read("status.token", folder / document.status.token) if document.status else None,
        page=page_of(document.page, listen[1], listen[2], lambda where, path: _read(where, folder / path)),
    )


def _secret(where: str, path: Path) -> str:
    found = _read(where, path)
    if len(found) < SHORTEST or not re.fullmatch(r"[A-Za-z0-9._~-]+", found):
        raise SettingsError(
            f"pipeline.yaml: {where}: what is in {path} can be guessed, or is no part of a URL; write at least "
            f"{SHORTEST} letters and digits: `openssl rand -hex 24 >{path}`"
        )
    return found


def _read(where: str, path: Path) -> str:
    try:
        return path.expanduser().read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"pipeline.yaml: {where}: {path}: {error.strerror}; put the secret there") from None
