"""What rules send to a target group, on moto."""

from rollout.routers.alb_rules import balancers, carriers
from tests.world import PRIORITY


def test_what_carries_traffic_to_a_group_is_named_and_isolation_rules_are_not(groups):
    isolation = {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "x-slice", "Values": ["v1"]}}
    groups.rule({"v1": 1}, priority=1000, **isolation)
    groups.rule({"v1": 250, "v2": 750})
    groups.rule({"v1": 0, "v2": 1}, priority=7)
    groups.rule({"v1": 3}, priority=8)
    listener = groups.theirs.listener
    assert set(carriers(groups.aws("elbv2"), groups.groups["v1"])) == {
        f"weight 3 in rule 8 of {listener}",
        f"weight 250 in rule {PRIORITY} of {listener}",
    }
    assert carriers(groups.aws("elbv2"), groups.groups["v3"]) == []


def test_a_listener_whose_default_is_the_group_carries_traffic_to_it(groups):
    (listener,) = groups.aws("elbv2").create_listener(
        LoadBalancerArn=groups.theirs.balancer,
        Protocol="HTTP",
        Port=81,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": groups.groups["v1"]}],
    )["Listeners"]
    assert carriers(groups.aws("elbv2"), groups.groups["v1"]) == [
        f"weight 1 in rule default of {listener['ListenerArn']}"
    ]


def test_the_load_balancers_of_a_group_are_those_with_a_rule_for_it(groups):
    groups.rule({"v1": 999})
    elbv2 = groups.aws("elbv2")
    assert balancers(elbv2, groups.groups["v1"]) == [groups.theirs.balancer]
    assert balancers(elbv2, groups.groups["v2"]) == []


def test_a_group_that_is_gone_has_no_load_balancer(groups):
    elbv2 = groups.aws("elbv2")
    elbv2.delete_target_group(TargetGroupArn=groups.groups["v1"])
    assert balancers(elbv2, groups.groups["v1"]) == []
    assert carriers(elbv2, groups.groups["v1"]) == []
