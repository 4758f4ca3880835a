"""What `python -m rehearsal status` shows: where the cloud is, its fleets with their health, who gets traffic.

In: the running cloud's record, its faults and its API. Out: lines and tables for rich.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import boto3
from rich.console import RenderableType
from rich.table import Table

from rehearsal.cloud.faults import Faults
from rehearsal.cloud.state import State
from rehearsal.environment import OBSERVER, REGION


def overview(state: State, faults: Faults) -> Iterator[RenderableType]:
    """Everything, top to bottom."""
    facts = Table.grid(padding=(0, 2))
    facts.add_row("listener", state.url)
    facts.add_row("endpoint", state.endpoint)
    facts.add_row("process", f"{state.daemon.pid}, {len(state.children)} started by it")
    if text := str(faults):
        facts.add_row("faults", text)
    if state.error:
        facts.add_row("last error", state.error)
    yield facts
    elbv2, autoscaling = (_client(name, state) for name in ("elbv2", "autoscaling"))
    yield fleets(autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"], elbv2)
    yield rules(elbv2)


def fleets(groups: list[Any], elbv2: Any) -> Table:
    """A row for each Auto Scaling group."""
    table = Table("fleet", "wanted", "instances", "targets", title="fleets", title_justify="left")
    for group in groups:
        instances = Counter(one["LifecycleState"] for one in group["Instances"])
        found = [one for arn in group["TargetGroupARNs"] for one in _targets(elbv2, arn)]
        wanted = str(group["DesiredCapacity"])
        table.add_row(group["AutoScalingGroupName"], wanted, _counted(instances), _counted(Counter(found)))
    return table


def rules(elbv2: Any) -> Table:
    """A row for each rule that forwards, in the order they are tried."""
    table = Table("load balancer", "port", "priority", "when", "weights", title="rules", title_justify="left")
    for balancer in elbv2.describe_load_balancers()["LoadBalancers"]:
        for listener in elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]:
            for rule in _ordered(elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]):
                if weights := _weights(rule):
                    when = ", ".join(_condition(one) for one in rule["Conditions"])
                    table.add_row(balancer["LoadBalancerName"], str(listener["Port"]), rule["Priority"], when, weights)
    return table


def _client(service: str, state: State) -> Any:
    return boto3.client(
        service,
        endpoint_url=state.endpoint,
        region_name=REGION,
        aws_access_key_id=OBSERVER,
        aws_secret_access_key="rehearsal",
    )


def _targets(elbv2: Any, group: str) -> list[str]:
    """The states of a target group's targets, with the reason where they are not healthy; none when it is gone."""
    try:
        found = elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    except elbv2.exceptions.TargetGroupNotFoundException:
        return []
    states = [one["TargetHealth"] for one in found]
    return [f"{one['State']} ({one['Reason']})" if "Reason" in one else one["State"] for one in states]


def _counted(of: Counter[str]) -> str:
    return ", ".join(f"{count} {what}" for what, count in sorted(of.items())) or "none"


def _ordered(rules: list[Any]) -> list[Any]:
    """By priority, the listener's default last."""
    return sorted(rules, key=lambda rule: (not rule["Priority"].isdigit(), rule["Priority"].zfill(5)))


def _weights(rule: Any) -> str:
    held = [one for action in rule["Actions"] for one in action.get("ForwardConfig", {}).get("TargetGroups", [])]
    return ", ".join(f"{one['TargetGroupArn'].split('/')[-2]} {one.get('Weight', 1)}" for one in held)


def _condition(condition: Any) -> str:
    header = condition.get("HttpHeaderConfig")
    configs = [value for name, value in condition.items() if name.endswith("Config")]
    values = condition.get("Values") or next((one["Values"] for one in configs), [])
    return f"{header['HttpHeaderName'] if header else condition['Field']}: {' | '.join(map(str, values))}"
