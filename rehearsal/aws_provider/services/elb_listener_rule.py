"""aws:lb/listenerRule:ListenerRule

Only another listener replaces it. A new priority is a call of its own and comes first; all weights of an action change
in one ModifyRule, which is atomic.
"""

import time
from typing import Any

from botocore.exceptions import ClientError

from rehearsal.aws_provider import tagging
from rehearsal.aws_provider.cloud import Aws, found, pages, unless
from rehearsal.aws_provider.errors import code
from rehearsal.aws_provider.schema import AwsType, tags
from rehearsal.aws_provider.services import elb_actions, elb_conditions
from rehearsal.provider.rules import between
from rehearsal.provider.schema import Change, Failure, integer, text
from rehearsal.provider.values import Props

GONE = ("RuleNotFound", "ListenerNotFound")
PRIORITY_SECONDS = 300.0


def _create(aws: Aws, props: Props) -> str:
    wanted = {
        "ListenerArn": props["listenerArn"],
        "Actions": elb_actions.to_api(props["actions"]),
        "Conditions": elb_conditions.to_api(props["conditions"]),
        **({"Tags": tagging.to_list(props["tagsAll"])} if props["tagsAll"] else {}),
    }
    if props.get("priority"):  # a given one that is taken fails at once
        return _arn(aws.elbv2.create_rule(Priority=props["priority"], **wanted))
    end = time.monotonic() + PRIORITY_SECONDS
    while True:
        try:
            return _arn(aws.elbv2.create_rule(Priority=_free_priority(aws, props["listenerArn"]), **wanted))
        except ClientError as error:
            if code(error) != "PriorityInUse" or time.monotonic() > end:
                raise


def _arn(made: dict[str, Any]) -> str:
    return made["Rules"][0]["RuleArn"]


def _free_priority(aws: Aws, listener: str) -> int:
    """One more than the highest there is."""
    rules = pages(aws.elbv2, "describe_rules", "Rules", ListenerArn=listener)
    return max([0, *(int(rule["Priority"]) for rule in rules if rule["Priority"] != "default")]) + 1


def _read(aws: Aws, arn: str, given: Props) -> Props | None:
    answer = found(lambda: aws.elbv2.describe_rules(RuleArns=[arn]), *GONE)
    if not answer or not answer["Rules"]:
        return None
    live = answer["Rules"][0]
    return {
        "arn": arn,
        "actions": elb_actions.from_api(live["Actions"], given.get("actions")),
        "conditions": elb_conditions.from_api(live["Conditions"]),
        "listenerArn": arn.replace(":listener-rule/", ":listener/").rsplit("/", 1)[0],
        "priority": int(live["Priority"]),
        "tagsAll": tagging.elb_tags(aws, arn),
    }


def _update(aws: Aws, change: Change) -> None:
    if change.touches("priority"):
        wanted = [{"RuleArn": change.id, "Priority": change.new["priority"]}]
        aws.elbv2.set_rule_priorities(RulePriorities=wanted)
    parts: dict[str, Any] = {}
    if change.touches("actions"):
        parts["Actions"] = elb_actions.to_api(change.new["actions"])
    if change.touches("conditions"):
        parts["Conditions"] = elb_conditions.to_api(change.new["conditions"])
    if parts:
        aws.elbv2.modify_rule(RuleArn=change.id, **parts)
    tagging.elb_retag(aws, change)


def _delete(aws: Aws, arn: str, _olds: Props) -> None:
    with unless(*GONE):
        aws.elbv2.delete_rule(RuleArn=arn)


def _plan(props: Props) -> list[Failure]:
    return [*elb_actions.plan("actions", props["actions"]), *elb_conditions.plan(props["conditions"])]


LISTENER_RULE = AwsType(
    token="aws:lb/listenerRule:ListenerRule",
    inputs={
        "actions": elb_actions.ACTIONS,
        "conditions": elb_conditions.CONDITIONS,
        "listenerArn": text(required=True, replaces=True),
        "priority": integer(between(1, 50000), computed=True),
        **tags(),
    },
    outputs=("arn",),
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
    plan=_plan,
)
