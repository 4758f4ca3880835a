"""The entry of a service on AWS: the load balancer and its listener, made or given.

In: the network, certificate, ports; or the ARN of what is given. Out: the listener, the URL, and the security groups
that requests come from.

The listener itself answers 503: traffic is split by a rule of its own, so that the rule can depend on every slice and
no slice on the rule. Protected and retained.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from components.aws.preflight import Given
from components.config_model import Listener as ListenerSettings
from rollout.routers.interface import NOBODY

TLS = "ELBSecurityPolicy-TLS13-1-2-2021-06"
WEB = {"http": 80, "https": 443}
NOBODY_ANSWERS = {"status_code": "503", "content_type": "text/plain", "message_body": NOBODY}


def of_host(host: str | None) -> list[aws.lb.ListenerRuleConditionArgs]:
    """The condition that a request is for *host*; none where the listener is the service's own."""
    only = aws.lb.ListenerRuleConditionHostHeaderArgs(values=[host]) if host else None
    return [aws.lb.ListenerRuleConditionArgs(host_header=only)] if only else []


@dataclass(frozen=True, kw_only=True)
class ListenerArgs:
    """`settings`: the config's listener; `given`: what preflight found of it."""

    settings: ListenerSettings
    given: Given
    vpc: Input[str]
    subnets: Sequence[Input[str]]


class Listener(pulumi.ComponentResource):
    """Outputs: `arn`, `url`, and `guards`, the security groups of the load balancer."""

    arn: Output[str]
    url: Output[str]
    guards: Sequence[Input[str]]

    def __init__(self, name: str, args: ListenerArgs, opts: ResourceOptions) -> None:
        super().__init__("sluice:aws:Listener", name, None, opts)
        self._name = name
        self._args = args
        self._scheme = "https" if args.settings.certificate else args.given.scheme
        self._port = args.given.port if args.settings.arn else args.settings.port or WEB[self._scheme]
        self._balancer, dns_name = self._entry()
        self.arn = Output.from_input(args.settings.arn) if args.settings.arn else self._listener().arn
        self.url = self._address(dns_name)
        self.register_outputs({"arn": self.arn, "url": self.url})

    def _entry(self) -> tuple[Input[str], Input[str]]:
        """The load balancer's ARN and DNS name."""
        if self._args.given.balancer:
            self.guards = self._args.given.guards
            return self._args.given.balancer, self._args.given.dns_name or ""
        guard = self._guard()
        self.guards = [guard.id]
        balancer = self._load_balancer(guard)
        return balancer.arn, balancer.dns_name

    def _guard(self) -> aws.ec2.SecurityGroup:
        group = aws.ec2.SecurityGroup(
            f"{self._name}-balancer",
            description=f"Load balancer of {self._name}",
            vpc_id=self._args.vpc,
            tags={"Name": f"{self._name}-balancer"},
            opts=self._opts(),
        )
        source = self._args.given.cidr if self._args.settings.internal else "0.0.0.0/0"
        for port in [self._port, WEB["http"]] if self._redirects() else [self._port]:
            aws.vpc.SecurityGroupIngressRule(
                f"{self._name}-balancer-{port}",
                security_group_id=group.id,
                description=f"Clients to port {port}",
                cidr_ipv4=source,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                opts=self._opts(),
            )
        return group

    def _load_balancer(self, guard: aws.ec2.SecurityGroup) -> aws.lb.LoadBalancer:
        bucket = self._args.settings.access_logs
        return aws.lb.LoadBalancer(
            self._name,
            internal=self._args.settings.internal,
            load_balancer_type="application",
            security_groups=[guard.id],
            subnets=self._args.subnets,
            drop_invalid_header_fields=True,
            enable_deletion_protection=True,
            access_logs={"bucket": bucket, "enabled": True, "prefix": self._name} if bucket else None,
            opts=self._opts(),
        )

    def _listener(self) -> aws.lb.Listener:
        if self._redirects():
            self._redirect()
        secure = self._args.settings.certificate is not None
        nobody = aws.lb.ListenerDefaultActionFixedResponseArgs(**NOBODY_ANSWERS)
        return aws.lb.Listener(
            self._name,
            load_balancer_arn=self._balancer,
            port=self._port,
            protocol=self._scheme.upper(),
            certificate_arn=self._args.settings.certificate,
            ssl_policy=TLS if secure else None,
            default_actions=[aws.lb.ListenerDefaultActionArgs(type="fixed-response", fixed_response=nobody)],
            opts=self._opts(),
        )

    def _redirects(self) -> bool:
        """Whether plain HTTP is sent on to HTTPS; not on a given load balancer, whose port 80 is not ours."""
        return self._scheme == "https" and self._port == WEB["https"] and not self._args.given.balancer

    def _redirect(self) -> aws.lb.Listener:
        to_https = aws.lb.ListenerDefaultActionRedirectArgs(
            protocol="HTTPS", port=str(self._port), status_code="HTTP_301"
        )
        return aws.lb.Listener(
            f"{self._name}-redirect",
            load_balancer_arn=self._balancer,
            port=80,
            protocol="HTTP",
            default_actions=[aws.lb.ListenerDefaultActionArgs(type="redirect", redirect=to_https)],
            opts=self._opts(),
        )

    def _address(self, dns_name: Input[str]) -> Output[str]:
        port = "" if self._port == WEB[self._scheme] else f":{self._port}"
        return Output.concat(f"{self._scheme}://", self._args.settings.host or dns_name, port)

    def _opts(self) -> ResourceOptions:
        return ResourceOptions(parent=self, protect=True, retain_on_delete=True)
