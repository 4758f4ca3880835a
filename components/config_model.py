"""The shape of the stack's config, as typed models: one a key of `sluice:`. Pure.

In: the decoded values. Out: models whose values are in range, or pydantic's errors.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from components import provenance
from components.config_data import Data
from components.config_docker import Container, Docker
from components.config_previews import Previews
from components.config_rollout import Metrics, Rollout
from components.config_types import (
    Ami,
    Arn,
    Boot,
    BucketName,
    BuilderName,
    Cidr,
    Duration,
    HealthPath,
    HostName,
    Image,
    InstanceType,
    Name,
    Place,
    Port,
    RootDevice,
    SchemaVersion,
    Secret,
    Signature,
    Size,
    SubnetId,
    TargetGroupArn,
    Variable,
    VariableName,
    VpcId,
)


def _public_key(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("it is no public key")
    provenance.key(value)
    return value


PublicKey = Annotated[str, BeforeValidator(_public_key), Field(examples=["MCowBQYDK2VwAyEA…"])]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Service(_Model):
    """`sluice:service`: what is shipped. Sizes, ports and times here are the defaults of each release."""

    name: Name = Field(examples=["shop"])
    port: Port
    health: HealthPath = "/healthz"
    size: Size = 2
    instance: InstanceType = "t3.small"
    root: RootDevice = "/dev/xvda"
    boot: Boot = 300
    drain: Duration = Field(default=30, ge=0, le=3600, examples=["30s"])
    container: Container = Field(default=Container(), examples=["{memory: 256, cpus: 0.5}"])


class External(_Model):
    """A release that already runs and is not ours: its target group."""

    target_group: TargetGroupArn = Field(
        examples=["arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/old/0123456789abcdef"]
    )


class Schema(_Model):
    """The data schema versions a release can read, and the one it writes."""

    reads: list[SchemaVersion] = Field(min_length=1, examples=["[7, 8]"])
    writes: SchemaVersion = Field(examples=[8])

    @model_validator(mode="after")
    def _own(self) -> Self:
        if self.writes not in self.reads:
            raise ValueError(f"it writes {self.writes} and does not read it; write reads: {[*self.reads, self.writes]}")
        return self


class ReleaseEntry(_Model):
    """One entry of `sluice:releases`. What is left out comes from `sluice:service`."""

    ami: Ami | None = Field(default=None, examples=["ami-0123456789abcdef0"])
    image: Image | None = Field(default=None, examples=["repo/shop@sha256:<64 hex digits>"])
    external: External | None = Field(
        default=None, examples=["{target_group: arn:aws:elasticloadbalancing:…:targetgroup/old/0123456789abcdef}"]
    )
    size: Size | None = None
    instance: InstanceType | None = None
    root: RootDevice | None = None
    port: Port | None = None
    health: HealthPath | None = None
    boot: Boot | None = None
    env: Mapping[VariableName, Variable] = Field(default_factory=dict, examples=["{LOG: debug}"])
    secrets: Mapping[VariableName, Secret] = Field(default_factory=dict, examples=["{DB: arn:aws:secretsmanager:…}"])
    container: Container | None = Field(default=None, examples=["{memory: 512}"])
    schema_: Schema | None = Field(default=None, alias="schema", examples=["{reads: [7, 8], writes: 8}"])
    signature: Signature | None = Field(
        default=None, examples=["ci:<88 characters of base64>, or what `python -m ops signature IMAGE` prints"]
    )

    @model_validator(mode="after")
    def _one_artifact(self) -> Self:
        if self.external and self.model_fields_set - {"external"}:
            raise ValueError("an external release has nothing but `external`; remove the other keys")
        both = sorted(set(self.env) & set(self.secrets))
        if both:
            raise ValueError(f"{', '.join(both)} is in both `env` and `secrets`; leave it in one")
        return self


class Network(_Model):
    """`sluice:network`: made in `cidr`, or given by ids."""

    cidr: Cidr = Field(default="10.20.0.0/16", examples=["10.20.0.0/16"])
    vpc: VpcId | None = Field(default=None, examples=["vpc-0123456789abcdef0"])
    subnets: list[SubnetId] = Field(default_factory=list, examples=["[subnet-0aa…, subnet-0bb…]"])
    public_subnets: list[SubnetId] = Field(default_factory=list, examples=["[subnet-0cc…, subnet-0dd…]"])

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.vpc and len(set(self.subnets)) < 2:
            raise ValueError("a given `vpc` needs the ids of at least two `subnets`, in two zones, for the instances")
        if not self.vpc and (self.subnets or self.public_subnets):
            raise ValueError("subnets are given but no `vpc`; write the id of the VPC they are in")
        return self


class Listener(_Model):
    """`sluice:listener`: the load balancer's entry. Made, or on a given load balancer, or given itself."""

    port: Port | None = None
    internal: bool = Field(default=False, strict=True, examples=["true"])
    certificate: Arn | None = Field(
        default=None, examples=["arn:aws:acm:eu-west-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"]
    )
    access_logs: BucketName | None = Field(default=None, examples=["my-log-bucket"])
    balancer: Arn | None = Field(
        default=None,
        examples=["arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/ours/0123456789abcdef"],
    )
    arn: Arn | None = Field(
        default=None,
        examples=[
            "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/ours/0123456789abcdef/0123456789abcdef"
        ],
    )
    host: HostName | None = Field(default=None, examples=["shop.example.com"])

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


class Document(_Model):
    """The whole of `sluice:`."""

    platform: Literal["aws", "docker"] = Field(examples=["aws"])
    service: Service = Field(examples=["{name: shop, port: 8080}"])
    releases: dict[str, Annotated[ReleaseEntry, Field(examples=["{ami: ami-0123456789abcdef0}"])]] = Field(
        examples=["{v1: {ami: ami-0123456789abcdef0}}"]
    )
    traffic: dict[str, Any] = Field(examples=["{v1: 100}"])
    docker: Docker = Field(default_factory=Docker, examples=["{host: ssh://deploy@shop-1.example.com}"])
    data: Data = Field(default_factory=Data, examples=["{postgres: {}}"])
    network: Network = Field(default_factory=Network, examples=["{cidr: 10.20.0.0/16}"])
    listener: Listener = Field(default_factory=Listener, examples=["{internal: true}"])
    rollout: Rollout = Field(default_factory=Rollout, examples=["{ready: 5m}"])
    metrics: Metrics = Field(default_factory=Metrics, examples=["{cloudwatch: {period: 60s}}"])
    keep: int = Field(default=3, ge=0, le=90, strict=True, examples=[3])
    previews: Previews = Field(default_factory=Previews, examples=["{limit: 5}"])
    journal: Place | None = Field(default=None, examples=["s3://my-bucket/journal"])
    notify: list[str] = Field(default_factory=list, examples=['["slack://…"]'])
    trust: dict[BuilderName, PublicKey] = Field(default_factory=dict, examples=["{ci: MCowBQYDK2VwAyEA…}"])
    salt: str | None = Field(default=None, min_length=16, examples=["16 or more random characters, as a secret"])
