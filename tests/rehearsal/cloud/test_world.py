"""What is read from moto."""

from rehearsal.cloud import world
from rehearsal.cloud.world import DEFAULT_RULE, Check, Fleet, Rule, Target
from tests.rehearsal.cloud.conftest import forward


def read(account):
    return world.read(account.cloud.backends)


def test_rules_are_in_the_order_they_are_tried(account):
    group = account.group("v1")
    listener = account.listener(account.balancer("shop")["LoadBalancerArn"])
    for priority in (20, 3, 100):
        account.rule(listener, priority, {group: priority})
    (found,) = read(account).balancers[0].listeners
    assert [rule.priority for rule in found.rules] == [3, 20, 100, DEFAULT_RULE]
    assert [rule.weights() for rule in found.rules] == [{group: 3}, {group: 20}, {group: 100}, {}]


def test_weights_set_anew_are_the_weights(account):
    one, two = account.group("v1"), account.group("v2")
    rule = account.rule(account.listener(account.balancer("shop")["LoadBalancerArn"]), 1, {one: 1})
    account.elbv2.modify_rule(RuleArn=rule, Actions=[forward({one: 0, two: 999})])
    assert read(account).balancers[0].listeners[0].rules[0].weights() == {one: 0, two: 999}


def test_priorities_set_anew_are_the_order(account):
    group = account.group("v1")
    listener = account.listener(account.balancer("shop")["LoadBalancerArn"])
    first, _ = (account.rule(listener, priority, {group: priority}) for priority in (1, 2))
    account.elbv2.set_rule_priorities(RulePriorities=[{"RuleArn": first, "Priority": 3}])
    assert [rule.priority for rule in read(account).balancers[0].listeners[0].rules] == [2, 3, DEFAULT_RULE]


def test_a_target_group_with_its_health_check_and_attributes(account):
    given = {"HealthCheckPath": "/healthz", "HealthCheckIntervalSeconds": 6, "HealthCheckTimeoutSeconds": 3}
    arn = account.group(
        "v1", **given, HealthyThresholdCount=2, UnhealthyThresholdCount=4, Matcher={"HttpCode": "200-299"}
    )
    attributes = [
        {"Key": "deregistration_delay.timeout_seconds", "Value": "7"},
        {"Key": "load_balancing.algorithm.type", "Value": "least_outstanding_requests"},
    ]
    account.elbv2.modify_target_group_attributes(TargetGroupArn=arn, Attributes=attributes)
    found = read(account).groups[arn]
    assert found.check == Check("/healthz", 6, 3, 2, 4, "200-299", "traffic-port")
    assert (found.name, found.port, found.delay, found.algorithm) == ("v1", 8080, 7, "least_outstanding_requests")


def test_the_apis_defaults(account):
    arn = account.group("v1")
    found = read(account).groups[arn]
    assert (found.check, found.delay) == (Check(), 300)


def test_a_group_whose_checks_are_switched_off_has_none(account):
    arn = account.group("v1")
    assert read(account).groups[arn].check is not None
    account.elbv2.modify_target_group(TargetGroupArn=arn, HealthCheckEnabled=False)
    assert read(account).groups[arn].check is None


def test_a_fleet_with_its_instances_and_their_user_data(account):
    group = account.group("v1")
    template = {"UserData": "I2Nsb3VkLWNvbmZpZwo="}
    account.fleet("v1", 2, TargetGroupARNs=[group], HealthCheckType="ELB", HealthCheckGracePeriod=30, template=template)
    found = read(account)
    (fleet,) = found.fleets
    assert fleet == Fleet("v1", (group,), fleet.instances, "ELB", 30)
    assert [one.user_data for one in fleet.instances] == ["#cloud-config\n"] * 2
    assert set(found.groups[group].targets) == {Target(one.id, 8080) for one in fleet.instances}


def test_a_load_balancers_idle_time(account):
    arn = account.balancer("shop")["LoadBalancerArn"]
    assert read(account).balancers[0].idle == 60
    idle = {"Key": "idle_timeout.timeout_seconds", "Value": "75"}
    account.elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[idle])
    assert read(account).balancers[0].idle == 75


def test_only_groups_that_a_rule_names_are_used(account):
    one, two = account.group("v1"), account.group("v2")
    balancer = account.balancer("shop")["LoadBalancerArn"]
    account.listener(balancer, Type="forward", TargetGroupArn=one)
    assert {arn: of.arn for arn, of in read(account).used().items()} == {one: balancer}
    assert two in read(account).groups


def test_an_action_that_does_not_forward_has_no_weights():
    assert Rule(1, (), {"Type": "redirect", "RedirectConfig": {}}).weights() == {}
