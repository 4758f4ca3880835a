"""The ALB router: weights are those of a listener's weighted rule, the mark its tags.

In: boto3 clients, the listener, the rule's priority, the slices' target groups and fleets. The rule is found through
its listener each time, so that a rule made anew is found too.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from rollout import mark as marks
from rollout.errors import ForeignError, RouterError
from rollout.mark import Mark
from rollout.routers.interface import Health, Live
from rollout.shares import Shares, from_weights, weights

TAG = "sluice:"
FIELDS = ("run", "from", "to", "owner", "until", "stop")

T = TypeVar("T")


def asked(what: str, call: Callable[[], T]) -> T:
    """*call*'s answer; what AWS refuses becomes a RouterError that says what was tried."""
    try:
        return call()
    except (ClientError, BotoCoreError) as error:
        raise RouterError(f"{what}: {error}") from error


@dataclass(frozen=True, kw_only=True)
class AlbRouter:
    """Reads and sets one service's live weights on its listener.

    `groups`: version → target group ARN; `fleets`: version → Auto Scaling group name, None for an external release.
    """

    elbv2: Any
    autoscaling: Any
    listener: str
    priority: int
    service: str
    groups: dict[str, str]
    fleets: Mapping[str, str | None]

    def read(self) -> Live | None:
        """The live shares and mark; None when the listener has no weighted rule of this service yet."""
        rule = self._rule()
        if rule is None:
            return None
        tags = self._tags(rule["RuleArn"])
        if tags.get(f"{TAG}service") != self.service:
            raise ForeignError(
                f"priority {self.priority} of {self.listener} is held by a rule that is not {self.service}'s "
                f"({rule['RuleArn']}); remove it or move it to another priority"
            )
        held = {self._version(group["TargetGroupArn"]): group.get("Weight", 1) for group in _forwarded(rule)}
        fields = {field: tags[TAG + field] for field in FIELDS if TAG + field in tags}
        try:
            return Live(from_weights(held), marks.from_fields(fields))
        except ValueError as error:
            raise ForeignError(f"{error}; remove the sluice: tags of {rule['RuleArn']} to go on") from None

    def set_shares(self, shares: Shares) -> None:
        """Set all live weights in one ModifyRule."""
        groups = [{"TargetGroupArn": self._group(v), "Weight": weight} for v, weight in weights(shares).items()]
        action = {"Type": "forward", "Order": 1, "ForwardConfig": {"TargetGroups": groups}}
        arn = self._own_rule()
        asked("set the weights", lambda: self.elbv2.modify_rule(RuleArn=arn, Actions=[action]))

    def set_mark(self, mark: Mark | None) -> None:
        """Write the mark's fields as tags of the rule; None takes them away."""
        arn = self._own_rule()
        fields = marks.to_fields(mark) if mark else {}
        if fields:
            tags = [{"Key": TAG + key, "Value": value} for key, value in fields.items()]
            asked("write the mark", lambda: self.elbv2.add_tags(ResourceArns=[arn], Tags=tags))
        else:
            keys = [TAG + field for field in FIELDS]
            asked("take the mark away", lambda: self.elbv2.remove_tags(ResourceArns=[arn], TagKeys=keys))

    def health(self, version: str) -> Health:
        """Count *version*'s targets; wanted is what its fleet desires (external release: what is registered)."""
        group = self._group(version)
        targets = asked("count targets", lambda: self.elbv2.describe_target_health(TargetGroupArn=group))
        states = [target["TargetHealth"] for target in targets["TargetHealthDescriptions"]]
        present = [state for state in states if state["State"] != "draining"]
        others = Counter(s.get("Reason", s["State"]) for s in present if s["State"] != "healthy")
        healthy = len(present) - others.total()
        fleet = self.fleets.get(version)
        wanted = len(present) if fleet is None else self._desired(fleet)
        return Health(version, healthy, wanted, dict(others))

    def _desired(self, fleet: str) -> int:
        answer = asked(
            "read the fleet", lambda: self.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[fleet])
        )
        groups = answer["AutoScalingGroups"]
        if not groups:
            raise RouterError(f"the fleet {fleet} does not exist any more")
        return groups[0]["DesiredCapacity"]

    def _rule(self) -> dict[str, Any] | None:
        rules = _pages("read the weighted rule", self.elbv2, "describe_rules", "Rules", ListenerArn=self.listener)
        return next((rule for rule in rules if rule["Priority"] == str(self.priority)), None)

    def _own_rule(self) -> str:
        rule = self._rule()
        if rule is None:
            raise RouterError(f"the weighted rule (priority {self.priority}) of {self.listener} is gone")
        return rule["RuleArn"]

    def _tags(self, arn: str) -> dict[str, str]:
        answer = asked("read the mark", lambda: self.elbv2.describe_tags(ResourceArns=[arn]))
        return {tag["Key"]: tag["Value"] for tag in answer["TagDescriptions"][0]["Tags"]}

    def _group(self, version: str) -> str:
        if version not in self.groups:
            raise RouterError(f"no target group of {version} is known")
        return self.groups[version]

    def _version(self, arn: str) -> str:
        """The version that owns target group *arn*; of a group nobody declares, its tag or else its name.

        It is remembered, so that a walk away from such a group can put its weight back.
        """
        for version, group in self.groups.items():
            if group == arn:
                return version
        version = self._tags(arn).get(f"{TAG}version", arn.split("/")[-2])
        self.groups[version] = arn
        return version


def _forwarded(rule: Mapping[str, Any]) -> list[dict[str, Any]]:
    action = rule["Actions"][0]
    if action["Type"] != "forward":
        raise ForeignError(f"the weighted rule {rule['RuleArn']} does not forward: its action is {action['Type']}")
    return _groups(action)


def _groups(action: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The target groups that *action* forwards to; a lone one may be named outside of ForwardConfig."""
    if "ForwardConfig" in action:
        return action["ForwardConfig"]["TargetGroups"]
    return [{"TargetGroupArn": action["TargetGroupArn"]}] if "TargetGroupArn" in action else []


def carriers(elbv2: Any, group: str) -> list[str]:
    """What still sends traffic to target group *group*: a line for each rule with a weight, isolation rules apart."""
    lines = []
    for balancer in balancers(elbv2, group):
        listeners = _pages("read the listeners", elbv2, "describe_listeners", "Listeners", LoadBalancerArn=balancer)
        for listener in (one["ListenerArn"] for one in listeners):
            for rule in _pages("read the rules", elbv2, "describe_rules", "Rules", ListenerArn=listener):
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


def _pages(what: str, elbv2: Any, operation: str, key: str, **query: str) -> list[dict[str, Any]]:
    pages = elbv2.get_paginator(operation).paginate(**query)
    return asked(what, lambda: [one for page in pages for one in page[key]])


def _isolates(rule: Mapping[str, Any]) -> bool:
    headers = [condition.get("HttpHeaderConfig", {}).get("HttpHeaderName", "") for condition in rule["Conditions"]]
    return any(header.lower() == "x-slice" for header in headers)


def _weight(rule: Mapping[str, Any], group: str) -> int:
    held = [one for action in rule["Actions"] for one in _groups(action)]
    return sum(one.get("Weight", 1) for one in held if one["TargetGroupArn"] == group)
