"""The isolation route: the rule by which one release alone is reached, whatever its share.

In: where the rule stands, what its header must say, a target group. Out: the rule.

A target group is health-checked only while a rule names it: this one does so for as long as the release is declared,
also for an external release that stands at 0 after its own rule is gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Input, ResourceOptions

from components.aws.listener import of_host


@dataclass(frozen=True, kw_only=True)
class Isolation:
    """`value`: what the header X-Slice must say; `host`: the one the listener serves us for (None: every one)."""

    value: Input[str]
    priority: int
    listener: Input[str]
    host: str | None

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
            opts=opts,
        )
