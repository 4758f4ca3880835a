"""What else is on a load balancer that was given: whose rule is where, which one wins, and the groups we shall adopt.

In: settings, AWS clients, the given listener. Out: nothing, or RunError with config path, value, reason and what to do
instead; before the first weighted rule stands, a word about who answers the service's requests until then.
"""

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import pulumi

from components import naming
from components.aws.session import Session
from components.settings import Settings
from rollout.aws import pages
from rollout.routers.alb_rules import forwarded
from rollout.shares import text

Rule = Mapping[str, Any]


def check_listener(settings: Settings, session: Session, listener: str) -> None:
    """On a listener that is shared, each priority must be free or ours, and nobody's rule may take all of our host."""
    elbv2, host = session.client("elbv2", patient=True), settings.listener.host or ""
    rules = pages("read the rules", elbv2, "describe_rules", "Rules", ListenerArn=listener)
    _check_priorities(settings, elbv2, rules)
    ours = naming.weighted_priority(settings.service.name)
    before = [rule for rule in rules if _place(rule) < ours]
    for rule in (rule for rule in before if _takes_all(rule, host)):
        taken = {_place(rule) for rule in rules}
        free = next(place for place in range(ours + 1, ours + len(taken) + 2) if place not in taken)
        raise pulumi.RunError(
            f"sluice:listener.host: every request for {host} is taken by rule {rule['Priority']} of this listener "
            f"({rule['RuleArn']}), before it could reach our weighted rule (priority {ours}). Move that rule behind "
            f"ours, where it serves as before until ours is made: `aws elbv2 set-rule-priorities --rule-priorities "
            f"RuleArn={rule['RuleArn']},Priority={free}`"
        )
    if not any(_place(rule) == ours for rule in rules):
        for line in _first(settings, host, sorted(rules, key=_place)):
            pulumi.log.warn(line)


def check_external(settings: Settings, session: Session, balancer: str | None) -> None:
    """A target group that is adopted must be there, speak HTTP, and stand behind no other load balancer than ours.

    *balancer*: the one that was given; None: one is made, or was in an earlier run.
    """
    elbv2 = session.client("elbv2", patient=True)
    for version, arn in ((one.version, one.target_group) for one in settings.releases if one.target_group):
        path = f"sluice:releases.{version}.external.target_group"
        try:
            (group,) = elbv2.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
        except elbv2.exceptions.TargetGroupNotFoundException:
            raise pulumi.RunError(
                f"{path}: {arn} is not in account {session.account}, {session.region}; write the ARN of one that is"
            ) from None
        protocol = group.get("Protocol", "no protocol (it is a function's)")
        if protocol not in ("HTTP", "HTTPS"):
            raise pulumi.RunError(
                f"{path}: {arn} speaks {protocol}, and an Application Load Balancer forwards HTTP and HTTPS "
                "only; write a target group that does"
            )
        for other in group["LoadBalancerArns"]:
            if other != balancer and not (balancer is None and _is_ours(elbv2, other)):
                raise pulumi.RunError(
                    f"{path}: {arn} stands behind {other}, and a target group serves one load balancer only; write "
                    "sluice:listener.arn: a listener of that one"
                )


def _check_priorities(settings: Settings, elbv2: Any, rules: Iterable[Rule]) -> None:
    service = settings.service.name
    wanted = {
        str(naming.isolation_priority(service, one.version)): f"the isolation rule of {one.version}"
        for one in settings.releases
    } | {str(naming.weighted_priority(service)): "the weighted rule"}
    for rule in (one for one in rules if one["Priority"] in wanted):
        owner = _ours(elbv2, rule["RuleArn"])
        if (owner.get("sluice:service"), owner.get("sluice:stack")) != (service, pulumi.get_stack()):
            raise pulumi.RunError(
                f"sluice:listener.arn: {wanted[rule['Priority']]} needs priority {rule['Priority']}, which is taken by "
                f"{rule['RuleArn']} (service {owner.get('sluice:service')}, stack {owner.get('sluice:stack')}); move "
                "that rule to another priority, or give this service another name"
            )


def _first(settings: Settings, host: str, rules: Iterable[Rule]) -> Iterator[str]:
    """What the first run changes for *host*'s clients, and what it does not."""
    shares = settings.traffic.shares
    declared = {one.target_group for one in settings.releases if shares.get(one.version)}
    for rule in rules:
        groups = {one["TargetGroupArn"] for action in rule["Actions"] for one in forwarded(action)}
        if not _takes_all(rule, host):
            if groups and _is_for(rule, host):
                yield f"a part of the requests for {host} stays with rule {rule['Priority']} ({rule['RuleArn']})"
            continue
        if groups and groups != declared:
            yield (
                f"sluice:traffic: requests for {host} are answered by {', '.join(sorted(groups))} until now, and this "
                f"first run gives them to {text(shares)} at once. So that no client notices, adopt what serves first: "
                "write sluice:releases: {old: {external: {target_group: …}}} and sluice:traffic: {old: 100}"
            )
        return


def _takes_all(rule: Rule, host: str) -> bool:
    """Whether *rule* matches each request for *host*."""
    return all(_holds(one, host) for one in rule["Conditions"])


def _holds(condition: Mapping[str, Any], host: str) -> bool:
    match condition["Field"]:
        case "host-header":
            return any(fnmatchcase(host.lower(), value.lower()) for value in _values(condition))
        case "path-pattern":
            return any("*" in value and set(value) <= {"*", "/"} for value in _values(condition))
        case "source-ip":
            return "0.0.0.0/0" in _values(condition)
        case _:
            return False


def _is_for(rule: Rule, host: str) -> bool:
    """Whether *rule* names *host*, and is no isolation rule."""
    headers = [one["HttpHeaderConfig"]["HttpHeaderName"] for one in rule["Conditions"] if "HttpHeaderConfig" in one]
    named = any(one["Field"] == "host-header" and _holds(one, host) for one in rule["Conditions"])
    return named and not any(header.lower() == "x-slice" for header in headers)


def _values(condition: Mapping[str, Any]) -> list[str]:
    """The values, which AWS shows beside the field, inside its `…Config`, or in both."""
    configs = [value.get("Values", []) for name, value in condition.items() if name.endswith("Config")]
    return condition.get("Values") or [value for values in configs for value in values]


def _place(rule: Rule) -> int:
    """Its priority; the default comes after all."""
    return int(rule["Priority"]) if rule["Priority"] != "default" else 1_000_000


def _is_ours(elbv2: Any, balancer: str) -> bool:
    return _ours(elbv2, balancer).get("sluice:stack") == pulumi.get_stack()


def _ours(elbv2: Any, arn: str) -> dict[str, str]:
    """The tags of *arn* that are this program's."""
    tags = elbv2.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]
    return {tag["Key"]: tag["Value"] for tag in tags if tag["Key"].startswith("sluice:")}
