"""The shape of the stack's config, as typed models: one a key of `sluice:`. Pure.

In: the decoded values. Out: models whose values are in range, or pydantic's errors; each field's example is what an
error message tells the user to write instead.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

RESERVED = ("SLUICE_VERSION", "SLUICE_BUCKET", "HOST", "PORT")  # variables every instance is given anyway

AMI = re.compile(r"ami-[0-9a-f]{8,17}")
IMAGE = re.compile(r"[a-z0-9][a-z0-9._:/-]*@sha256:[0-9a-f]{64}")
VERSION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,38}[A-Za-z0-9])?")
DURATION = re.compile(r"(\d+)(s|m|h)")
NAME = "service name: 2 to 20 lower-case letters, digits and hyphens, a letter first"
GROUP_ARN = r"arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:\d{12}:targetgroup/[A-Za-z0-9-]+/[0-9a-f]+"
UNITS = {"s": 1, "m": 60, "h": 3600}


def seconds(value: object) -> object:
    """Seconds of a duration such as `90s`, `5m` or `1h`; a whole number counts as seconds."""
    if isinstance(value, str):
        match = DURATION.fullmatch(value)
        if not match:
            raise ValueError("it is no duration")
        return int(match[1]) * UNITS[match[2]]
    return value


def text(pattern: str, what: str) -> BeforeValidator:
    """A validator for text that matches *pattern* as a whole; the error says that it is no *what*."""

    def check(value: object) -> object:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ValueError(f"it is no {what}")
        return value

    return BeforeValidator(check)


def _ami(value: object) -> object:
    if isinstance(value, str) and value.startswith("resolve:ssm:"):
        raise ValueError("it is looked up anew at each launch, so the slice would drift")
    if not isinstance(value, str) or not AMI.fullmatch(value):
        raise ValueError("it is no AMI id")
    return value


def _image(value: object) -> object:
    if not isinstance(value, str) or not IMAGE.fullmatch(value):
        why = (
            "a tag can be moved to another image later"
            if "@" not in str(value)
            else "it is no repository with a digest"
        )
        raise ValueError(why)
    return value


def _variable(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("it is not text; put it in quotes")
    if re.search(r"[\x00-\x1f\x7f]", value):
        raise ValueError("it holds a line break or another control character, which an environment file cannot")
    return value


def _variable_name(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        raise ValueError("it is no name of an environment variable")
    if value in RESERVED:
        raise ValueError("it is set by the program itself")
    return value


Duration = Annotated[int, BeforeValidator(seconds)]
Port = Annotated[int, Field(ge=1, le=65535, strict=True, examples=[8080])]
HealthPath = Annotated[
    str, text(r"/[!-~]{0,1023}", "path: it begins with / and has no spaces"), Field(examples=["/healthz"])
]
Size = Annotated[int, Field(ge=1, le=100, strict=True, examples=[2])]
Boot = Annotated[Duration, Field(ge=0, le=7200, examples=["300s"])]
InstanceType = Annotated[str, text(r"[a-z][a-z0-9-]*\.[a-z0-9-]+", "instance type"), Field(examples=["t3.small"])]
RootDevice = Annotated[str, text(r"/dev/[a-z0-9]{2,20}", "device name"), Field(examples=["/dev/xvda"])]
Arn = Annotated[str, text(r"arn:aws[a-z-]*(:[!-~]*){4}", "ARN")]
VariableName = Annotated[str, BeforeValidator(_variable_name)]
SubnetId = Annotated[str, text(r"subnet-[0-9a-f]{8,17}", "subnet id")]
Variable = Annotated[str, BeforeValidator(_variable), Field(examples=["'debug'"])]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Service(_Model):
    """`sluice:service`: what is shipped. Sizes, ports and times here are the defaults of each release."""

    name: Annotated[str, text(r"[a-z][a-z0-9-]{0,18}[a-z0-9]", NAME)] = Field(examples=["shop"])
    port: Port
    health: HealthPath = "/healthz"
    size: Size = 2
    instance: InstanceType = "t3.small"
    root: RootDevice = "/dev/xvda"
    boot: Boot = 300
    drain: Duration = Field(default=30, ge=0, le=3600, examples=["30s"])


class External(_Model):
    """A release that already runs and is not ours: its target group."""

    target_group: Annotated[str, text(GROUP_ARN, "target group's ARN")] = Field(
        examples=["arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/old/0123456789abcdef"]
    )


class Schema(_Model):
    """The data schema versions a release can read, and the one it writes."""

    reads: list[int] = Field(min_length=1, examples=["[7, 8]"])
    writes: int = Field(examples=[8])


class ReleaseEntry(_Model):
    """One entry of `sluice:releases`. What is left out comes from `sluice:service`."""

    ami: Annotated[str, BeforeValidator(_ami)] | None = Field(default=None, examples=["ami-0123456789abcdef0"])
    image: Annotated[str, BeforeValidator(_image)] | None = Field(
        default=None, examples=["repo/shop@sha256:<64 hex digits>"]
    )
    external: External | None = None
    size: Size | None = None
    instance: InstanceType | None = None
    root: RootDevice | None = None
    port: Port | None = None
    health: HealthPath | None = None
    boot: Boot | None = None
    env: Mapping[VariableName, Variable] = Field(default_factory=dict)
    secrets: Mapping[VariableName, Arn] = Field(default_factory=dict)
    schema_: Schema | None = Field(default=None, alias="schema")

    @model_validator(mode="after")
    def _one_artifact(self) -> Self:
        if self.external:
            if self.model_fields_set - {"external"}:
                raise ValueError("an external release has nothing but `external`; remove the other keys")
        elif self.ami is None:
            raise ValueError("there is no `ami`; write the machine image's id, such as ami: ami-0123456789abcdef0")
        both = sorted(set(self.env) & set(self.secrets))
        if both:
            raise ValueError(f"{', '.join(both)} is in both `env` and `secrets`; leave it in one")
        return self


class Network(_Model):
    """`sluice:network`: made in `cidr`, or given by ids."""

    cidr: Annotated[str, text(r"\d{1,3}\.\d{1,3}\.0\.0/16", "/16 network")] = Field(
        default="10.20.0.0/16", examples=["10.20.0.0/16"]
    )
    vpc: Annotated[str, text(r"vpc-[0-9a-f]{8,17}", "VPC id")] | None = Field(
        default=None, examples=["vpc-0123456789abcdef0"]
    )
    subnets: list[SubnetId] = Field(default_factory=list, examples=["[subnet-0aa…, subnet-0bb…]"])
    public_subnets: list[SubnetId] = Field(default_factory=list, examples=["[subnet-0cc…, subnet-0dd…]"])

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.vpc and len(self.subnets) < 2:
            raise ValueError("a given `vpc` needs the ids of at least two `subnets`, in two zones, for the instances")
        if not self.vpc and (self.subnets or self.public_subnets):
            raise ValueError("subnets are given but no `vpc`; write the id of the VPC they are in")
        return self


class Listener(_Model):
    """`sluice:listener`: the load balancer's entry. Made, or on a given load balancer, or given itself."""

    port: Port | None = None
    internal: Annotated[bool, Field(strict=True)] = False
    certificate: Arn | None = None
    access_logs: Annotated[str, text(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "bucket name")] | None = Field(
        default=None, examples=["my-log-bucket"]
    )
    balancer: Arn | None = None
    arn: Arn | None = None
    host: Annotated[str, text(r"[A-Za-z0-9*?.-]{1,128}", "host name")] | None = Field(
        default=None, examples=["shop.example.com"]
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        made_only = [key for key in ("internal", "access_logs") if key in self.model_fields_set]
        if (self.arn or self.balancer) and made_only:
            raise ValueError(f"{', '.join(made_only)} is for a load balancer that is made here; remove it")
        if self.arn and (self.balancer or self.port or self.certificate):
            raise ValueError("`arn` names a listener that has a load balancer, port and certificate; remove those here")
        if self.arn and not self.host:
            raise ValueError("a given listener is shared, so the service needs a `host`, such as shop.example.com")
        return self

    @property
    def given(self) -> bool:
        """Whether the load balancer was there before."""
        return bool(self.arn or self.balancer)


class Rollout(_Model):
    """`sluice:rollout`: how traffic moves."""

    ready: Duration = Field(default=300, ge=1, le=86_400, examples=["5m"])


class Document(_Model):
    """The whole of `sluice:`."""

    platform: Literal["aws"] = Field(examples=["aws"])
    service: Service = Field(examples=["{name: shop, port: 8080}"])
    releases: dict[str, ReleaseEntry] = Field(min_length=1, examples=["{v1: {ami: ami-0123456789abcdef0}}"])
    traffic: dict[str, Any] = Field(examples=["{v1: 100}"])
    network: Network = Field(default_factory=Network)
    listener: Listener = Field(default_factory=Listener)
    rollout: Rollout = Field(default_factory=Rollout)
    salt: str | None = Field(default=None, min_length=16, examples=["16 or more random characters, as a secret"])
