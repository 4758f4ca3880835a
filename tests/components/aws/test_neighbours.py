"""What else is on a load balancer that was given, against moto."""

from typing import Any

import pulumi
import pytest

from components import naming
from components.aws import neighbours
from components.aws.session import Session
from components.settings import parse
from tests.configs import AMI, dev_config
from tests.world import Clients, Theirs, unique

HOST = "shop.example.com"
OURS = naming.weighted_priority("shop")
EVERY = {"Field": "path-pattern", "Values": ["/*"]}


@pytest.fixture(scope="module")
def session(aws: Clients) -> Session:
    return Session({"region": "us-east-1"})


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is said to the operator."""
    lines: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", lines.append)
    return lines


@pytest.fixture
def check(told: list[str]) -> Any:
    def run(session: Session, theirs: Theirs, **change: Any) -> list[str]:
        config = {"network": theirs.network, "listener": {"arn": theirs.listener, "host": HOST}, **change}
        neighbours.check_listener(parse(dev_config(**config)), session, theirs.listener)
        return told

    return run


@pytest.fixture
def refusal(check: Any) -> Any:
    def run(*arguments: Any, **change: Any) -> str:
        with pytest.raises(pulumi.RunError) as caught:
            check(*arguments, **change)
        return str(caught.value)

    return run


def take(aws: Clients, theirs: Theirs, priority: int, **tags: str) -> str:
    """Someone's rule at *priority*; its ARN."""
    (rule,) = aws("elbv2").create_rule(
        ListenerArn=theirs.listener,
        Priority=priority,
        Conditions=[{"Field": "path-pattern", "Values": ["/theirs"]}],
        Actions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
        Tags=[{"Key": f"sluice:{key}", "Value": value} for key, value in tags.items()],
    )["Rules"]
    return rule["RuleArn"]


def host(*values: str) -> dict[str, Any]:
    return {"Field": "host-header", "HostHeaderConfig": {"Values": list(values)}}


def old_group(aws: Clients, theirs: Theirs, **more: Any) -> str:
    wanted = {"Name": unique("old"), "Protocol": "HTTP", "Port": 80, "VpcId": theirs.vpc, **more}
    return aws("elbv2").create_target_group(**wanted)["TargetGroups"][0]["TargetGroupArn"]


def serve(aws: Clients, theirs: Theirs, group: str, priority: int | None = None, *conditions: dict[str, Any]) -> str:
    """Their rule at *priority* that forwards to *group*, or the listener's default; the rule's ARN."""
    elbv2, actions = aws("elbv2"), [{"Type": "forward", "TargetGroupArn": group}]
    if priority is None:
        elbv2.modify_listener(ListenerArn=theirs.listener, DefaultActions=actions)
        return ""
    (rule,) = elbv2.create_rule(
        ListenerArn=theirs.listener, Priority=priority, Conditions=list(conditions), Actions=actions
    )["Rules"]
    return rule["RuleArn"]


def adopting(group: str, **traffic: float) -> dict[str, Any]:
    return {"releases": {"old": {"external": {"target_group": group}}, "v1": {"ami": AMI}}, "traffic": traffic}


def test_a_priority_that_is_taken_is_refused(session, aws, theirs, refusal):
    priority = naming.isolation_priority("shop", "v1")
    rule = take(aws, theirs, priority, team="other")
    assert refusal(session, theirs) == (
        f"sluice:listener.arn: the isolation rule of v1 needs priority {priority}, which is taken by {rule} (service "
        "None, stack None); move that rule to another priority, or give this service another name"
    )


@pytest.mark.parametrize("tags", [{"service": "else", "stack": "stack"}, {"service": "shop", "stack": "prod"}])
def test_the_weighted_rule_of_another_service_or_stack_is_never_taken_for_ours(session, aws, theirs, tags, refusal):
    take(aws, theirs, naming.weighted_priority("shop"), **tags)
    said = refusal(session, theirs)
    assert "the weighted rule needs priority" in said
    assert f"(service {tags['service']}, stack {tags['stack']})" in said


def test_a_priority_that_is_ours_already_is_fine(session, aws, theirs, check):
    stack = pulumi.get_stack()
    take(aws, theirs, naming.isolation_priority("shop", "v1"), service="shop", stack=stack)
    take(aws, theirs, naming.weighted_priority("shop"), service="shop", stack=stack)
    assert check(session, theirs) == []


def test_nothing_is_said_where_nobody_served_our_host(session, theirs, check):
    assert check(session, theirs) == []


@pytest.mark.parametrize(
    "conditions",
    [[host(HOST)], [host("*.example.com")], [EVERY], [host("a.example.com", "SHOP.example.com"), EVERY]],
    ids=["the-host", "a-wildcard", "every-path", "one-of-several"],
)
def test_a_rule_before_ours_that_takes_all_of_our_host_is_refused_and_named(session, aws, theirs, refusal, conditions):
    rule = serve(aws, theirs, old_group(aws, theirs), 10, *conditions)
    take(aws, theirs, OURS + 1, team="other")
    assert refusal(session, theirs) == (
        f"sluice:listener.host: every request for {HOST} is taken by rule 10 of this listener ({rule}), before it "
        f"could reach our weighted rule (priority {OURS}). Move that rule behind ours, where it serves as before until "
        f"ours is made: `aws elbv2 set-rule-priorities --rule-priorities RuleArn={rule},Priority={OURS + 2}`"
    )


@pytest.mark.parametrize(
    "rule",
    [
        (OURS + 1, host(HOST)),
        (10, host("other.example.com")),
        (10, {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Slice", "Values": ["v1"]}}, host(HOST)),
    ],
    ids=["behind-ours", "another-host", "an-isolation-rule"],
)
def test_a_rule_that_leaves_us_our_requests_is_fine(session, aws, theirs, check, rule):
    group = old_group(aws, theirs)
    serve(aws, theirs, group, *rule)
    assert check(session, theirs, **adopting(group, old=100)) == []


def test_a_part_of_our_host_that_stays_theirs_is_told_before_the_first_run(session, aws, theirs, check):
    rule = serve(aws, theirs, old_group(aws, theirs), 10, host(HOST), {"Field": "path-pattern", "Values": ["/api/*"]})
    assert check(session, theirs) == [f"a part of the requests for {HOST} stays with rule 10 ({rule})"]


@pytest.mark.parametrize("priority", [None, OURS + 1], ids=["by-default", "by-a-rule-behind-ours"])
def test_who_serves_our_host_until_now_is_told_unless_it_is_adopted_first(session, aws, theirs, check, priority):
    group = old_group(aws, theirs)
    serve(aws, theirs, group, priority, host(HOST))
    assert check(session, theirs, **adopting(group, old=100)) == []
    (line,) = check(session, theirs, **adopting(group, old=90, v1=10))
    assert line.startswith(
        f"sluice:traffic: requests for {HOST} are answered by {group} until now, and this first run gives them to "
        "old 90 · v1 10 at once. So that no client notices, adopt what serves first"
    )


def test_once_our_rule_stands_who_served_before_is_no_news(session, aws, theirs, check):
    serve(aws, theirs, old_group(aws, theirs))
    take(aws, theirs, OURS, service="shop", stack=pulumi.get_stack())
    assert check(session, theirs) == []


def external(session: Session, group: str, balancer: str | None) -> str | None:
    """Why *group* cannot be adopted behind *balancer*; None: it can."""
    settings = parse(dev_config(**adopting(group, old=100)))
    try:
        neighbours.check_external(settings, session, balancer)
    except pulumi.RunError as error:
        return str(error)


PATH = "sluice:releases.old.external.target_group"


def test_a_group_that_serves_behind_the_given_load_balancer_or_nowhere_can_be_adopted(session, aws, theirs):
    group = old_group(aws, theirs)
    assert external(session, group, theirs.balancer) is None
    assert external(session, group, None) is None
    serve(aws, theirs, group)
    assert external(session, group, theirs.balancer) is None


def test_a_group_behind_another_load_balancer_is_refused(session, aws, theirs):
    group = old_group(aws, theirs)
    serve(aws, theirs, group, 10, EVERY)
    for balancer in (Theirs.build(aws).balancer, None):
        assert external(session, group, balancer) == (
            f"{PATH}: {group} stands behind {theirs.balancer}, and a target group serves one load balancer only; write "
            "sluice:listener.arn: a listener of that one"
        )


def test_a_group_behind_the_load_balancer_that_an_earlier_run_made_is_fine(session, aws, theirs):
    group = old_group(aws, theirs)
    serve(aws, theirs, group, 10, EVERY)
    tag = {"Key": "sluice:stack", "Value": pulumi.get_stack()}
    aws("elbv2").add_tags(ResourceArns=[theirs.balancer], Tags=[tag])
    assert external(session, group, None) is None


def test_a_group_that_is_gone_is_refused(session, aws, theirs):
    group = old_group(aws, theirs)
    aws("elbv2").delete_target_group(TargetGroupArn=group)
    assert external(session, group, None) == (
        f"{PATH}: {group} is not in account 123456789012, us-east-1; write the ARN of one that is"
    )


def test_a_group_that_does_not_speak_http_is_refused(session, aws, theirs):
    assert f"{PATH}: " in (said := external(session, old_group(aws, theirs, Protocol="TCP"), None) or "")
    assert "speaks TCP, and an Application Load Balancer forwards HTTP and HTTPS only" in said
