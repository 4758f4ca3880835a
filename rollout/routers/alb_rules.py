"""What the rules of Application Load Balancers send to a target group, and what is wrong with its targets.

In: a boto3 client, a target group's ARN. Out: which load balancers know it, and which rules give it weight.
"""

from collections.abc import Collection, Mapping
from typing import Any

from rollout.aws import asked, pages
from rollout.errors import ForeignError, RouterError


def carriers(elbv2: Any, group: str) -> list[str]:
    """What still sends traffic to target group *group*: a line for each rule with a weight, isolation rules apart."""
    lines = []
    for balancer in balancers(elbv2, group):
        listeners = pages("read the listeners", elbv2, "describe_listeners", "Listeners", LoadBalancerArn=balancer)
        for listener in (one["ListenerArn"] for one in listeners):
            for rule in pages("read the rules", elbv2, "describe_rules", "Rules", ListenerArn=listener):
                weight = 0 if _isolates(rule) else _weight(rule, group)
                if weight:
                    lines.append(f"weight {weight} in rule {rule['Priority']} of {listener}")
    return lines


def balancers(elbv2: Any, group: str) -> list[str]:
    """The ARNs of the load balancers that know target group *group*; none when the group is gone."""
    try:
        found = asked("read the target group", lambda: elbv2.describe_target_groups(TargetGroupArns=[group]))
    except RouterError as error:
        if "TargetGroupNotFound" in str(error):
            return []
        raise
    return sorted(set(found["TargetGroups"][0]["LoadBalancerArns"]))


def forwarded(action: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The target groups that *action* forwards to; a lone one may be named outside of ForwardConfig."""
    if "ForwardConfig" in action:
        return action["ForwardConfig"]["TargetGroups"]
    return [{"TargetGroupArn": action["TargetGroupArn"]}] if "TargetGroupArn" in action else []


def groups(rule: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The target groups that *rule* forwards to; none where it answers itself."""
    action = rule["Actions"][0]
    if action["Type"] not in ("forward", "fixed-response"):
        raise ForeignError(f"the weighted rule {rule['RuleArn']} does not forward: its action is {action['Type']}")
    return forwarded(action)


def _isolates(rule: Mapping[str, Any]) -> bool:
    headers = [condition.get("HttpHeaderConfig", {}).get("HttpHeaderName", "") for condition in rule["Conditions"]]
    return any(header.lower() == "x-slice" for header in headers)


def _weight(rule: Mapping[str, Any], group: str) -> int:
    held = [one for action in rule["Actions"] for one in forwarded(action)]
    return sum(one.get("Weight", 1) for one in held if one["TargetGroupArn"] == group)


def fault(target: Mapping[str, Any], own: Collection[str] | None) -> str:
    """Why *target* is not a healthy one of *own* (None: any); "" when it is."""
    state = target["TargetHealth"]
    if state["State"] != "healthy":
        return state.get("Reason", state["State"])
    return "" if own is None or target["Target"]["Id"] in own else "not of its fleet"
