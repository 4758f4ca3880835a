"""The isolation route: the rule by which one release alone is reached, whatever its share.

In: where the rule stands, what its header must say, a target group. Out: the rule.

A target group is health-checked only while a rule names it: this one does so for as long as the release is declared,
also for an external release that stands at 0 after its own rule is gone.

Its priority is fixed. Where the answer to its creation was lost (a connection broke, a process was killed), the rule
would stand in its own way for ever: so what is ours there is taken away before it is made. Nothing goes through it but
what asks for that slice.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi import Input, ResourceHook, ResourceHookArgs, ResourceHookBinding, ResourceOptions

from components.aws.listener import of_host
from components.aws.session import Session
from rollout.aws import asked, pages

SERVICE, VERSION, STACK = "sluice:service", "sluice:version", "sluice:stack"


def make_way(session: Session) -> ResourceHook:
    """The hook that runs before an isolation rule is made."""

    async def hook(args: ResourceHookArgs) -> None:
        made = args.new_inputs or {}
        owner = {SERVICE: made["tags"][SERVICE], VERSION: made["tags"][VERSION], STACK: pulumi.get_stack()}
        elbv2 = session.client("elbv2", patient=True)
        for rule in await asyncio.to_thread(clear, elbv2, made["listenerArn"], int(made["priority"]), owner):
            pulumi.log.info(f"{owner[VERSION]}: took away {rule}, whose making nobody heard the answer of")

    return ResourceHook("make-way", hook)


def clear(elbv2: Any, listener: str, priority: int, owner: Mapping[str, str]) -> list[str]:
    """Delete the rule at *priority* of *listener* if its tags are *owner*'s; its ARN, if it was there."""
    rules = pages("read the rules", elbv2, "describe_rules", "Rules", ListenerArn=listener)
    cleared = []
    for arn in (rule["RuleArn"] for rule in rules if rule["Priority"] == str(priority)):
        described = asked("read its tags", lambda arn=arn: elbv2.describe_tags(ResourceArns=[arn]))["TagDescriptions"]
        if owner.items() <= {tag["Key"]: tag["Value"] for tag in described[0]["Tags"]}.items():
            asked("take it away", lambda arn=arn: elbv2.delete_rule(RuleArn=arn))
            cleared.append(arn)
    return cleared


@dataclass(frozen=True, kw_only=True)
class Isolation:
    """`value`: what the header X-Slice must say; `host`: the one the listener serves us for (None: every one); `first`:
    `make_way`.
    """

    value: Input[str]
    priority: int
    listener: Input[str]
    host: str | None
    first: ResourceHook

    def rule(self, name: str, group: Input[str], tags: Mapping[str, str], opts: ResourceOptions) -> aws.lb.ListenerRule:
        """The rule that sends what asks for it to target group *group*."""
        header = aws.lb.ListenerRuleConditionHttpHeaderArgs(http_header_name="X-Slice", values=[self.value])
        return aws.lb.ListenerRule(
            name,
            listener_arn=self.listener,
            priority=self.priority,
            conditions=[aws.lb.ListenerRuleConditionArgs(http_header=header), *of_host(self.host)],
            actions=[{"type": "forward", "forward": {"target_groups": [{"arn": group, "weight": 1}]}}],
            tags=tags,
            opts=ResourceOptions.merge(opts, ResourceOptions(hooks=ResourceHookBinding(before_create=[self.first]))),
        )
