"""What a program may look up: one function a token, each with the names it takes and the answer the SDK expects."""

from collections.abc import Callable
from dataclasses import dataclass

from rehearsal.aws_provider.cloud import Aws
from rehearsal.aws_provider.services import ec2_lookups, elb_lookups
from rehearsal.provider.errors import RefusedError
from rehearsal.provider.values import Props


@dataclass(frozen=True)
class Lookup:
    """A function, and the arguments it takes besides `region`."""

    look: Callable[[Aws, Props], Props]
    arguments: tuple[str, ...]


def invoke(token: str, aws: Aws, arguments: Props) -> Props:
    """The answer to *token*, with the arguments among it, as the real provider has it."""
    if token not in LOOKUPS:
        raise RefusedError(f"not served by this stand-in of pulumi-aws; served are {', '.join(LOOKUPS)}")
    lookup = LOOKUPS[token]
    if strange := sorted(set(arguments) - {*lookup.arguments, "region"}):
        raise RefusedError(f"unknown argument {', '.join(strange)}; it takes {', '.join(lookup.arguments) or 'none'}")
    return {**arguments, "region": aws.region, **lookup.look(aws, arguments)}


def _caller_identity(aws: Aws, _arguments: Props) -> Props:
    answer = aws.sts.get_caller_identity()
    account = answer["Account"]
    return {"id": account, "accountId": account, "arn": answer["Arn"], "userId": answer["UserId"]}


LOOKUPS = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": Lookup(
        ec2_lookups.availability_zones, ("allAvailabilityZones", "excludeNames", "excludeZoneIds", "filters", "state")
    ),
    "aws:index/getCallerIdentity:getCallerIdentity": Lookup(_caller_identity, ("id",)),
    "aws:lb/getLoadBalancer:getLoadBalancer": Lookup(elb_lookups.load_balancer, ("arn", "name", "tags")),
    "aws:lb/getListener:getListener": Lookup(elb_lookups.listener, ("arn", "loadBalancerArn", "port", "tags")),
    "aws:ec2/getVpc:getVpc": Lookup(ec2_lookups.vpc, ("cidrBlock", "default", "filters", "id", "state", "tags")),
    "aws:ec2/getSubnets:getSubnets": Lookup(ec2_lookups.subnets, ("filters", "tags")),
    "aws:ec2/getAmi:getAmi": Lookup(
        ec2_lookups.ami, ("allowUnsafeFilter", "filters", "mostRecent", "nameRegex", "owners", "tags")
    ),
}
