"""The AWS backend: data layer, network, load balancer and listener, and a slice for each release.

In: settings, session. Out: what `components.backend.Backend` promises.
"""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output, ResourceHook, ResourceHookBinding, ResourceOptions

from components import naming, stateless
from components.aws import preflight
from components.aws.data import Data, DataArgs
from components.aws.database import Database, DatabaseArgs
from components.aws.isolation import Isolation, make_way
from components.aws.listener import NOBODY_ANSWERS, Listener, ListenerArgs, of_host
from components.aws.machines import Machines, MachinesArgs
from components.aws.network import Network, NetworkArgs
from components.aws.preflight import Given
from components.aws.provider import provider
from components.aws.session import Session
from components.aws.slice import Slice, SliceArgs
from components.backend import Target
from components.release import Release
from components.settings import Settings
from rollout.shares import Shares, weights


class AwsBackend:
    """One service on EC2 behind an Application Load Balancer."""

    def __init__(self, settings: Settings, session: Session) -> None:
        given = preflight.check(settings, session)
        self._settings = settings
        self._session = session
        self.where: Mapping[str, str] = {"region": session.region}
        self._service = settings.service.name
        self._opts = ResourceOptions(provider=provider(session, {"sluice:stack": pulumi.get_stack()}))
        self._network = self._make_network(given)
        self._data = Data(self._service, DataArgs(tags=self._tags()), self._opts)
        self._database = self._make_database()
        self._entry = self._make_listener(given)
        self._machines = self._make_machines()
        self._make_way = make_way(session)
        self.listener: Input[str] = self._entry.arn
        self.url: Output[str] = self._entry.url
        self.priority = naming.weighted_priority(self._service)

    def _make_network(self, given: Given) -> Network:
        network = self._settings.network
        args = NetworkArgs(
            cidr=network.cidr,
            zones=given.zones,
            vpc=network.vpc,
            subnets=network.subnets,
            public_subnets=network.public_subnets,
            internal=self._settings.listener.internal,
        )
        return Network(self._service, args, self._opts)

    def _make_database(self) -> Database | None:
        if (postgres := self._settings.data.postgres) is None:
            return None
        network = self._network
        args = DatabaseArgs(settings=postgres, vpc=network.vpc, subnets=network.subnets, tags=self._tags())
        return Database(self._service, args, self._opts)

    def _make_listener(self, given: Given) -> Listener:
        args = ListenerArgs(
            settings=self._settings.listener,
            given=given,
            vpc=self._network.vpc,
            subnets=self._network.balancer_subnets,
        )
        return Listener(self._service, args, self._opts)

    def _make_machines(self) -> Machines:
        own = [release for release in self._settings.releases if not release.external]
        named = sorted({arn for release in own for arn in release.secrets.values()})
        database = self._database
        args = MachinesArgs(
            vpc=self._network.vpc,
            guards=self._entry.guards,
            bucket_arn=self._data.arn,
            secrets=[*named, *([database.secret] if database else [])],
            ecr=any(".dkr.ecr." in (release.image or "") for release in own),
            database=database.group if database else None,
        )
        return Machines(self._service, args, self._opts)

    def fault(self, spec: Mapping[str, Any]) -> str | None:
        """Why the AMI of a release's *spec* cannot be had; None when it can."""
        return preflight.artifact_fault(self._session.client("ec2", patient=True), spec)

    def slice(self, release: Release, published: pulumi.Resource, let_go: ResourceHook) -> Target:
        """Build *release*'s slice after *published*; an external one is there already, and gets its isolation route."""
        own = ResourceOptions(depends_on=[published], transformations=[stateless.only])
        opts = ResourceOptions.merge(self._opts, own)
        name = naming.logical(self._service, release.version)
        if release.target_group:
            tags = {**self._tags(), "sluice:version": release.version}
            rule = self._isolation(release).rule(f"{name}-isolation", release.target_group, tags, opts)
            return Target(version=release.version, group=release.target_group, fleet=None, resources=(rule,))
        args = SliceArgs(
            release=release,
            service=self._service,
            isolation=self._isolation(release),
            drain=self._settings.service.drain,
            vpc=self._network.vpc,
            subnets=self._network.subnets,
            profile=self._machines.profile,
            group=self._machines.group,
            bucket=self._data.bucket,
            database=self._database.told if self._database else {},
            let_go=let_go,
        )
        made = Slice(name, args, opts)
        return Target(version=release.version, group=made.group, fleet=made.fleet.name, resources=(made.fleet,))

    def _isolation(self, release: Release) -> Isolation:
        salt = self._settings.salt
        value = naming.isolation_value(release.version, salt)
        return Isolation(
            value=Output.secret(value) if salt else value,
            priority=naming.isolation_priority(self._service, release.version),
            listener=self.listener,
            host=self._settings.listener.host,
            first=self._make_way,
        )

    def split(
        self, shares: Shares, targets: Mapping[str, Target], record: pulumi.Resource, hook: ResourceHook
    ) -> pulumi.Resource:
        """The weighted rule; without any share the load balancer answers itself.

        Its tags carry a walk's mark, so they are not kept true; everything else is.
        """
        every = aws.lb.ListenerRuleConditionPathPatternArgs(values=["/*"])
        groups = [
            aws.lb.ListenerRuleActionForwardTargetGroupArgs(arn=targets[version].group, weight=weight)
            for version, weight in weights(shares).items()
        ]
        forward = aws.lb.ListenerRuleActionForwardArgs(target_groups=groups)
        action = aws.lb.ListenerRuleActionArgs(type="forward", forward=forward)
        if not groups:
            told = aws.lb.ListenerRuleActionFixedResponseArgs(**NOBODY_ANSWERS)
            action = aws.lb.ListenerRuleActionArgs(type="fixed-response", fixed_response=told)
        return aws.lb.ListenerRule(
            f"{self._service}-traffic",
            listener_arn=self.listener,
            priority=self.priority,
            conditions=[aws.lb.ListenerRuleConditionArgs(path_pattern=every), *of_host(self._settings.listener.host)],
            actions=[action],
            tags=self._tags(),
            opts=ResourceOptions.merge(
                self._opts,
                ResourceOptions(
                    depends_on=[record],
                    hooks=ResourceHookBinding(before_update=[hook]),
                    ignore_changes=["tags"],
                    protect=True,
                    retain_on_delete=True,
                ),
            ),
        )

    def _tags(self) -> dict[str, str]:
        return {"sluice:service": self._service}
