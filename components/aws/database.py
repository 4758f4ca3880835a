"""The service's database on AWS: one Postgres of RDS, which outlives every slice.

In: what the config says of it, the network. Out: where it is, the ARN of the secret that holds its password, the
security group around it. AWS itself makes the password and changes it from time to time: no value is ever here.
"""

from __future__ import annotations  # naming a type of RDS would load all of them, which a service without data spares

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from components.config_data import DATABASE, Postgres, environment

SECRET = "SLUICE_DATABASE_SECRET"  # the variable that names it to an instance


@dataclass(frozen=True, kw_only=True)
class DatabaseArgs:
    """`subnets`: of two zones at least, those of the instances; `tags`: beside the provider's default tags."""

    settings: Postgres
    vpc: Input[str]
    subnets: Sequence[Input[str]]
    tags: dict[str, str]


class Database(pulumi.ComponentResource):
    """Outputs: `group` (the security group's id), `secret` (the ARN), `told` (what each instance is told, by name)."""

    group: Output[str]
    secret: Output[str]
    told: Output[dict[str, str]]

    def __init__(self, name: str, args: DatabaseArgs, opts: ResourceOptions) -> None:
        super().__init__("sluice:aws:Database", name, None, opts)
        self._name = f"{name}-postgres"
        self._args = args
        self.group = self._around().id
        made = self._instance(self._subnets())
        # Empty until it is made: a preview before that knows none.
        self.secret = made.master_user_secrets.apply(lambda every: every[0].secret_arn or "" if every else "")
        self.told = Output.all(made.address, made.port, self.secret).apply(lambda known: told(*known))
        self.register_outputs({"secret": self.secret})

    def _around(self) -> aws.ec2.SecurityGroup:
        """Who may come in, the machines say; out goes nothing."""
        return aws.ec2.SecurityGroup(
            self._name,
            description=f"Database of {self._name}",
            vpc_id=self._args.vpc,
            tags={**self._args.tags, "Name": self._name},
            opts=self._opts(),
        )

    def _subnets(self) -> aws.rds.SubnetGroup:
        return aws.rds.SubnetGroup(self._name, subnet_ids=self._args.subnets, tags=self._args.tags, opts=self._opts())

    def _instance(self, subnets: aws.rds.SubnetGroup) -> aws.rds.Instance:
        settings = self._args.settings
        return aws.rds.Instance(
            self._name,
            engine="postgres",
            engine_version=str(settings.version),  # the major one; the minor ones come in the maintenance window
            instance_class=settings.instance,
            allocated_storage=settings.storage,
            storage_type="gp3",
            storage_encrypted=True,
            db_name=DATABASE,
            username=DATABASE,
            manage_master_user_password=True,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[self.group],
            publicly_accessible=False,
            multi_az=settings.replica,
            backup_retention_period=settings.backup,
            copy_tags_to_snapshot=True,
            deletion_protection=True,
            skip_final_snapshot=False,
            final_snapshot_identifier=f"{self._name}-final",
            delete_automated_backups=False,
            apply_immediately=True,  # what waits for the window is shown as a change by every preview until then
            tags=self._args.tags,
            opts=self._opts(),
        )

    def _opts(self) -> ResourceOptions:
        return ResourceOptions(parent=self, protect=True, retain_on_delete=True)


def told(host: str, port: int, secret: str) -> dict[str, str]:
    """What an instance is told of the database at *host* whose password *secret*, an ARN, holds."""
    return {**environment(host, int(port)), SECRET: secret}
