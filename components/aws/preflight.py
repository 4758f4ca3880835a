"""What is looked up before any resource exists, in preview too: that what the config names is there.

In: settings, AWS clients. Out: what was given and found there, or RunError with config path, value, reason and what to
write instead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pulumi
from botocore.exceptions import BotoCoreError, ClientError

from components.aws import neighbours
from components.aws.database import told
from components.aws.session import Session
from components.aws.user_data import render
from components.settings import Settings
from rollout.errors import RouterError

LONGEST_BUCKET = "b" * 63
LONGEST_DATABASE = told("h" * 128, 5432, "a" * 192)


@dataclass(frozen=True, kw_only=True)
class Given:
    """What was there before this program, as far as it is needed to build on it."""

    zones: Sequence[str]
    cidr: str
    balancer: str | None = None
    dns_name: str | None = None
    guards: Sequence[str] = ()
    scheme: str = "http"
    port: int = 80


def check(settings: Settings, session: Session) -> Given:
    """What *settings* name by id; RunError when it, or a priority it needs, cannot be had."""
    _check_user_data(settings)
    _check_points(settings, session)
    try:
        given = _given(settings, session)
        neighbours.check_external(settings, session, given.balancer)
    except (ClientError, BotoCoreError, RouterError) as error:
        raise pulumi.RunError(f"AWS could not be asked what stands there: {error}") from None
    return given


def _check_points(settings: Settings, session: Session) -> None:
    """A real load balancer's points are minutes; only a rehearsal's are shorter."""
    points = settings.metrics.cloudwatch
    if points and session.endpoint is None and points.period % 60:
        raise pulumi.RunError(
            f"sluice:metrics.cloudwatch.period: {points.period}: the load balancer's points are minutes, and a shorter "
            "period would take each of them for a moment; write period: 60s, or a multiple"
        )


def _given(settings: Settings, session: Session) -> Given:
    network, listener = settings.network, settings.listener
    zones, cidr = _zones(session), network.cidr
    if network.vpc:
        cidr = _check_network(settings, session, network.vpc)
    if listener.arn:
        found = _found(
            "listener.arn", listener.arn, session, "elbv2", "describe_listeners", ListenerArns=[listener.arn]
        )
        entry = found["Listeners"][0]
        one = _balancer(settings, session, entry["LoadBalancerArn"])
        neighbours.check_listener(settings, session, listener.arn)
        return replace(one, zones=zones, cidr=cidr, scheme=entry["Protocol"].lower(), port=entry["Port"])
    if listener.balancer:
        return replace(_balancer(settings, session, listener.balancer), zones=zones, cidr=cidr)
    return Given(zones=zones, cidr=cidr)


def artifact_fault(ec2: Any, spec: Mapping[str, Any]) -> str | None:
    """Why a release of *spec* cannot be published here, from the faulty key on; None when it can."""
    ami, root = spec.get("ami"), spec.get("root")
    if ami is None:
        return None
    try:
        images = ec2.describe_images(ImageIds=[ami])["Images"]
    except ClientError as error:
        if not error.response["Error"]["Code"].startswith("InvalidAMIID"):
            raise
        images = []
    if not images:
        return (
            f"ami: {ami} does not exist in {ec2.meta.region_name}, or is not this account's to use; write the id of "
            "one that is, or check aws:region"
        )
    found = images[0].get("RootDeviceName")
    if found != root:
        return f"root: {root} is not the root device of {ami}, so its disk would not be encrypted; write root: {found}"
    return None


def _zones(session: Session) -> list[str]:
    """The first two zones, by name, that need no opting in."""
    every = [{"Name": "opt-in-status", "Values": ["opt-in-not-required"]}]
    answer = _found("network", session.region, session, "ec2", "describe_availability_zones", Filters=every)
    return sorted(zone["ZoneName"] for zone in answer["AvailabilityZones"])[:2]


def _check_user_data(settings: Settings) -> None:
    """What each machine is told must fit, with a bucket's and a database's longest names too."""
    database = LONGEST_DATABASE if settings.data.postgres else {}
    for release in (one for one in settings.releases if not one.external):
        try:
            render(release, LONGEST_BUCKET, database)
        except ValueError as error:
            raise pulumi.RunError(str(error)) from None


def _balancer(settings: Settings, session: Session, arn: str) -> Given:
    """The given load balancer, once it is found to be one that slices can stand behind."""
    asked = {"LoadBalancerArns": [arn]}
    one = _found("listener.balancer", arn, session, "elbv2", "describe_load_balancers", **asked)["LoadBalancers"][0]
    vpc = settings.network.vpc
    if vpc != one["VpcId"]:
        raise pulumi.RunError(
            f"sluice:network.vpc: slices would stand in {vpc or 'a VPC made for them'}, and the load balancer {arn} "
            f"stands in {one['VpcId']}; write vpc: {one['VpcId']}, and subnets of it"
        )
    if one["Scheme"] == "internet-facing" and settings.salt is None:
        raise pulumi.RunError(
            f"sluice:salt is missing: {arn} is public, and without it anyone could reach a slice that has no share by "
            "its version alone; run `pulumi config set --secret sluice:salt $(openssl rand -hex 16)`"
        )
    return Given(zones=(), cidr="", balancer=arn, dns_name=one["DNSName"], guards=one.get("SecurityGroups", []))


def _check_network(settings: Settings, session: Session, vpc: str) -> str:
    """The address range of the given *vpc*, once it and its subnets were found."""
    network, listener = settings.network, settings.listener
    found = _found("network.vpc", vpc, session, "ec2", "describe_vpcs", VpcIds=[vpc])
    zones: dict[str, str] = {}
    for subnet in [*network.subnets, *network.public_subnets]:
        one = _found("network", subnet, session, "ec2", "describe_subnets", SubnetIds=[subnet])["Subnets"][0]
        if one["VpcId"] != vpc:
            raise pulumi.RunError(f"sluice:network: {subnet} is not in {vpc}; write a subnet of that VPC")
        zones[subnet] = one["AvailabilityZone"]
    key = "subnets" if listener.internal or not network.public_subnets else "public_subnets"
    under = [zones[subnet] for subnet in getattr(network, key)]
    if not listener.given and (len(under) < 2 or len(set(under)) < len(under)):
        raise pulumi.RunError(
            f"sluice:network.{key}: a load balancer takes one subnet in each of two or more zones, and these are in "
            f"{', '.join(under)}; write subnets in different zones"
        )
    return found["Vpcs"][0]["CidrBlock"]


def _found(path: str, name: str, session: Session, service: str, operation: str, **query: Any) -> dict[str, Any]:
    """AWS's answer about *name*, which the config names at *path*."""
    try:
        return getattr(session.client(service, patient=True), operation)(**query)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if not code.endswith(("NotFound", "Malformed", "ValidationError")):
            raise pulumi.RunError(f"sluice:{path}: {name} could not be looked up: {error}") from None
        raise pulumi.RunError(
            f"sluice:{path}: {name} cannot be found in account {session.account}, {session.region} ({code}); write the "
            "id of one that is there, or check aws:region"
        ) from None
    except BotoCoreError as error:
        raise pulumi.RunError(f"sluice:{path}: {name} could not be looked up: {error}") from None
