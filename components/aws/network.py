"""The network of a service on AWS, made or given.

In: the VPC's id and subnets, or a /16 and two zones to make one in. Out: the VPC, the subnets of the instances and of
the load balancer.

Made: one VPC in two zones; in each a public subnet (load balancer) and a private one (instances, no public address),
whose way out is one NAT gateway. All of it is protected and retained: it outlives every slice.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """`cidr`: a /16 to make the VPC in, with a subnet of each kind in each of `zones`; `vpc` and the subnets: ids of
    what is given, then nothing is made. `internal`: the load balancer stands among the instances.
    """

    cidr: str
    zones: Sequence[str]
    vpc: str | None
    subnets: Sequence[str]
    public_subnets: Sequence[str]
    internal: bool


class Network(pulumi.ComponentResource):
    """Where slices and load balancer stand. Outputs: `vpc`, `subnets`, `balancer_subnets`."""

    vpc: Output[str]
    subnets: Sequence[Input[str]]
    balancer_subnets: Sequence[Input[str]]

    def __init__(self, name: str, args: NetworkArgs, opts: ResourceOptions) -> None:
        super().__init__("sluice:aws:Network", name, None, opts)
        self._name = name
        self._args = args
        if args.vpc:
            self.vpc = Output.from_input(args.vpc)
            self.subnets = args.subnets
            self.balancer_subnets = args.subnets if args.internal else args.public_subnets or args.subnets
        else:
            self._vpc = self._vpc_itself()
            self.vpc = self._vpc.id
            self._make_subnets()
        self.register_outputs({"vpc": self.vpc, "subnets": list(self.subnets)})

    def _make_subnets(self) -> None:
        public = [self._subnet("public", index, zone) for index, zone in enumerate(self._args.zones)]
        private = [self._subnet("private", index, zone) for index, zone in enumerate(self._args.zones)]
        gateway = self._internet_gateway()
        self._route("public", public, gateway_id=gateway.id)
        self._route("private", private, nat_gateway_id=self._nat_gateway(public[0], gateway).id)
        self.subnets = [subnet.id for subnet in private]
        self.balancer_subnets = self.subnets if self._args.internal else [subnet.id for subnet in public]

    def _vpc_itself(self) -> aws.ec2.Vpc:
        return aws.ec2.Vpc(
            f"{self._name}-vpc",
            cidr_block=self._args.cidr,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags=self._tags("vpc"),
            opts=self._opts(),
        )

    def _subnet(self, kind: str, index: int, zone: str) -> aws.ec2.Subnet:
        """The third number of the address tells the kind: 0, 1 public; 16, 32 private (4,096 addresses each)."""
        base = self._args.cidr.removesuffix(".0.0/16")
        block = f"{base}.{index}.0/24" if kind == "public" else f"{base}.{16 * (index + 1)}.0/20"
        return aws.ec2.Subnet(
            f"{self._name}-{kind}-{index}",
            vpc_id=self._vpc.id,
            cidr_block=block,
            availability_zone=zone,
            map_public_ip_on_launch=False,
            tags=self._tags(f"{kind}-{index}"),
            opts=self._opts(),
        )

    def _internet_gateway(self) -> aws.ec2.InternetGateway:
        return aws.ec2.InternetGateway(
            f"{self._name}-internet", vpc_id=self._vpc.id, tags=self._tags("internet"), opts=self._opts()
        )

    def _nat_gateway(self, subnet: aws.ec2.Subnet, gateway: aws.ec2.InternetGateway) -> aws.ec2.NatGateway:
        address = aws.ec2.Eip(f"{self._name}-nat", domain="vpc", tags=self._tags("nat"), opts=self._opts(gateway))
        return aws.ec2.NatGateway(
            f"{self._name}-nat",
            allocation_id=address.id,
            subnet_id=subnet.id,
            tags=self._tags("nat"),
            opts=self._opts(gateway),
        )

    def _route(self, kind: str, subnets: Sequence[aws.ec2.Subnet], **target: Output[str]) -> None:
        """One table of *kind* whose default route goes to *target*, used by *subnets*."""
        table = aws.ec2.RouteTable(
            f"{self._name}-{kind}", vpc_id=self._vpc.id, tags=self._tags(kind), opts=self._opts()
        )
        aws.ec2.Route(
            f"{self._name}-{kind}",
            route_table_id=table.id,
            destination_cidr_block="0.0.0.0/0",
            opts=self._opts(),
            gateway_id=target.get("gateway_id"),
            nat_gateway_id=target.get("nat_gateway_id"),
        )
        for index, subnet in enumerate(subnets):
            aws.ec2.RouteTableAssociation(
                f"{self._name}-{kind}-{index}", route_table_id=table.id, subnet_id=subnet.id, opts=self._opts()
            )

    def _tags(self, what: str) -> dict[str, str]:
        return {"Name": f"{self._name}-{what}"}

    def _opts(self, *after: pulumi.Resource) -> ResourceOptions:
        return ResourceOptions(parent=self, protect=True, retain_on_delete=True, depends_on=list(after))
