"""What the machines of every slice share on AWS: their role, and the security group around them.

In: the bucket, the secrets that releases name, where requests come from. Out: the instance profile and the security
group. Protected and retained: without them no slice gets a request.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from components.config_data import PORT

ECR = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"


@dataclass(frozen=True, kw_only=True)
class MachinesArgs:
    """`guards`: security groups that requests come from; `secrets`: ARNs they may read; `ecr`: do they pull there;
    `database`: the security group of one that they reach.
    """

    vpc: Input[str]
    guards: Sequence[Input[str]]
    bucket_arn: Input[str]
    secrets: Sequence[Input[str]]
    ecr: bool
    database: Input[str] | None = None


class Machines(pulumi.ComponentResource):
    """Outputs: `profile` (the instance profile's ARN), `group` (the security group's id)."""

    profile: Output[str]
    group: Output[str]

    def __init__(self, name: str, args: MachinesArgs, opts: ResourceOptions) -> None:
        super().__init__("sluice:aws:Machines", name, None, opts)
        self._name = name
        self._args = args
        self.profile = self._profile(self._role()).arn
        self.group = self._group().id
        self._reach()
        self.register_outputs({"profile": self.profile, "group": self.group})

    def _role(self) -> aws.iam.Role:
        trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        role = aws.iam.Role(
            f"{self._name}-machine",
            description=f"Machines of {self._name}",
            assume_role_policy=Output.json_dumps({"Version": "2012-10-17", "Statement": [trust]}),
            opts=self._opts(),
        )
        aws.iam.RolePolicy(
            f"{self._name}-machine",
            role=role.name,
            policy=Output.json_dumps({"Version": "2012-10-17", "Statement": self._statements()}),
            opts=self._opts(),
        )
        if self._args.ecr:
            # Not protected: it goes when no release needs it any more.
            parent = ResourceOptions(parent=self)
            aws.iam.RolePolicyAttachment(f"{self._name}-ecr", role=role.name, policy_arn=ECR, opts=parent)
        return role

    def _statements(self) -> list[dict[str, Any]]:
        bucket = self._args.bucket_arn
        allowed = [
            {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [bucket]},
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
                "Resource": [Output.concat(bucket, "/*")],
            },
        ]
        if self._args.secrets:
            read = {"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"], "Resource": [*self._args.secrets]}
            allowed.append(read)
        return allowed

    def _profile(self, role: aws.iam.Role) -> aws.iam.InstanceProfile:
        return aws.iam.InstanceProfile(f"{self._name}-machine", role=role.name, opts=self._opts())

    def _group(self) -> aws.ec2.SecurityGroup:
        self._around = aws.ec2.SecurityGroup(
            f"{self._name}-machine",
            description=f"Machines of {self._name}",
            vpc_id=self._args.vpc,
            tags={"Name": f"{self._name}-machine"},
            opts=self._opts(),
        )
        return self._around

    def _reach(self) -> None:
        """In: the load balancer, nothing else. Out: anywhere, for packages, images and data."""
        for index, guard in enumerate(self._args.guards):
            self._allow(index, guard)
        if self._args.database:
            self._reach_database(self._args.database)
        aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-machine-out",
            security_group_id=self._around.id,
            description="Machines to anywhere",
            cidr_ipv4="0.0.0.0/0",
            ip_protocol="-1",
            opts=self._opts(),
        )

    def _reach_database(self, around: Input[str]) -> None:
        aws.vpc.SecurityGroupIngressRule(
            f"{self._name}-postgres-in",
            security_group_id=around,
            description=f"Machines of {self._name} to their database",
            referenced_security_group_id=self._around.id,
            ip_protocol="tcp",
            from_port=PORT,
            to_port=PORT,
            opts=self._opts(),
        )

    def _allow(self, index: int, guard: Input[str]) -> None:
        """Both sides of the one way in: the load balancer's own group lets nothing out either.

        Any port, because each release has its own: a rule a port would go with the last release that names it.
        """
        aws.vpc.SecurityGroupIngressRule(
            f"{self._name}-machine-in-{index}",
            security_group_id=self._around.id,
            description="Load balancer to machines",
            referenced_security_group_id=guard,
            ip_protocol="tcp",
            from_port=1,
            to_port=65535,
            opts=self._opts(),
        )
        aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-balancer-out-{index}",
            security_group_id=guard,
            description=f"Load balancer to the machines of {self._name}",
            referenced_security_group_id=self._around.id,
            ip_protocol="tcp",
            from_port=1,
            to_port=65535,
            opts=self._opts(),
        )

    def _opts(self) -> ResourceOptions:
        return ResourceOptions(parent=self, protect=True, retain_on_delete=True)
