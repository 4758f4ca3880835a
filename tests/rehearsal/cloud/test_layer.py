"""What AWS refuses, derives and remembers, over its own API."""

import pytest
from botocore.exceptions import ClientError

from rehearsal.cloud.attached import outlives_its_groups
from rehearsal.cloud.images import SAMPLE
from tests.rehearsal.cloud.conftest import MAIN, forward


@pytest.fixture
def refused():
    """`with refused(code):` the call in the block is refused by AWS with that code."""
    return lambda code: pytest.raises(ClientError, match=rf"\({code}\)")


@pytest.fixture
def listener(account):
    return account.listener(account.balancer("shop")["LoadBalancerArn"])


def test_the_first_load_balancer_is_reached_at_the_main_port_from_its_creation_on(account):
    first, second = account.balancer("one"), account.balancer("two")
    shown = account.elbv2.describe_load_balancers()["LoadBalancers"]
    assert first["DNSName"] == f"127.0.0.1:{MAIN}"
    assert second["DNSName"] != first["DNSName"]
    assert [one["DNSName"] for one in shown] == [first["DNSName"], second["DNSName"]]


@pytest.mark.parametrize("name", ["a" * 33, "-shop", "shop-", "internal-shop", "shop_1"])
def test_names_that_aws_refuses(account, refused, name):
    with refused("ValidationError"):
        account.balancer(name)


@pytest.mark.parametrize("name", ["a" * 33, "-shop", "shop-", "shop_1"])
def test_target_group_names_that_aws_refuses(account, refused, name):
    with refused("ValidationError"):
        account.group(name)


def test_a_load_balancer_name_is_taken_once(account, refused):
    account.balancer("shop")
    with refused("DuplicateLoadBalancerName"):
        account.balancer("shop")


def test_a_load_balancer_spans_two_zones(account, refused):
    with refused("ValidationError"):
        account.balancer("shop", Subnets=account.subnets[:1])


def test_a_listener_port_is_taken_once(account, refused):
    balancer = account.balancer("shop")["LoadBalancerArn"]
    account.listener(balancer)
    with refused("DuplicateListener"):
        account.listener(balancer)


def test_six_target_groups_are_too_many_in_one_action(account, refused, listener):
    groups = {account.group(f"v{number}"): 1 for number in range(6)}
    five = dict(list(groups.items())[:5])
    with refused("TooManyTargetGroups"):
        account.rule(listener, 1, groups)
    rule = account.rule(listener, 1, five)
    with refused("ValidationError"):
        account.elbv2.modify_rule(RuleArn=rule, Actions=[forward(groups)])
    with refused("TooManyTargetGroups"):
        account.elbv2.modify_listener(ListenerArn=listener, DefaultActions=[forward(groups)])


@pytest.mark.parametrize("weight", [-1, 1000])
def test_weights_end_at_999(account, refused, listener, weight):
    group = account.group("v1")
    rule = account.rule(listener, 1, {group: 999})
    with refused("ValidationError"):
        account.rule(listener, 2, {group: weight})
    with refused("ValidationError"):
        account.elbv2.modify_rule(RuleArn=rule, Actions=[forward({group: weight})])


def test_a_target_group_serves_one_load_balancer(account, refused, listener):
    group = account.group("v1")
    rule = account.rule(listener, 1, {group: 1})
    other = account.balancer("other")["LoadBalancerArn"]
    with refused("TargetGroupAssociationLimit"):
        account.listener(other, Type="forward", TargetGroupArn=group)
    account.elbv2.modify_rule(RuleArn=rule, Actions=[forward({group: 2})])


def test_a_target_group_tells_the_load_balancer_that_names_it_now(account, listener):
    one, two = account.group("v1"), account.group("v2")
    rule = account.rule(listener, 1, {one: 1})
    account.elbv2.modify_rule(RuleArn=rule, Actions=[forward({two: 1})])
    found = account.elbv2.describe_target_groups(TargetGroupArns=[one, two])["TargetGroups"]
    assert [found[0]["LoadBalancerArns"], len(found[1]["LoadBalancerArns"])] == [[], 1]


def test_a_target_group_that_a_rule_names_cannot_be_deleted(account, refused, listener):
    group = account.group("v1")
    rule = account.rule(listener, 1, {group: 0})
    with refused("ResourceInUse"):
        account.elbv2.delete_target_group(TargetGroupArn=group)
    account.elbv2.delete_rule(RuleArn=rule)
    account.elbv2.delete_target_group(TargetGroupArn=group)


def test_a_protected_load_balancer_cannot_be_deleted(account, refused):
    arn = account.balancer("shop")["LoadBalancerArn"]
    protection = {"Key": "deletion_protection.enabled", "Value": "true"}
    account.elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[protection])
    with refused("OperationNotPermitted"):
        account.elbv2.delete_load_balancer(LoadBalancerArn=arn)


@pytest.mark.parametrize("wrong", [{"HealthCheckIntervalSeconds": 301}, {"HealthyThresholdCount": 11}])
def test_health_checks_have_ranges(account, refused, wrong):
    with refused("ValidationError"):
        account.group("v1", **wrong)


def test_a_query_condition_without_a_key_is_refused_since_it_cannot_be_rehearsed(account, refused, listener):
    condition = {"Field": "query-string", "QueryStringConfig": {"Values": [{"Value": "x"}]}}
    with refused("InvalidConfigurationRequest"):
        account.elbv2.create_rule(
            ListenerArn=listener, Priority=1, Conditions=[condition], Actions=[forward({account.group("v1"): 1})]
        )


def test_fifty_tags_are_allowed_and_their_values_are_checked(account, refused, listener):
    def tag(key, value):
        account.elbv2.add_tags(ResourceArns=[listener], Tags=[{"Key": key, "Value": value}])

    for number in range(50):
        tag(f"key{number}", "run 1_.:/=+-@")
    with refused("TooManyTags"):
        tag("key50", "x")
    for value in ("{}", "x" * 257):
        with refused("ValidationError"):
            tag("key1", value)
    with refused("ListenerNotFound"):
        account.elbv2.add_tags(ResourceArns=[listener[:-1]], Tags=[{"Key": "a", "Value": "b"}])


def test_what_a_load_balancer_or_a_machine_uses_cannot_be_deleted(account, refused):
    of_balancer, of_machine, free = (
        account.ec2.create_security_group(GroupName=name, Description=name, VpcId=account.vpc)["GroupId"]
        for name in ("balancer", "machine", "free")
    )
    account.balancer("shop", SecurityGroups=[of_balancer])
    account.fleet("v1", 1, template={"NetworkInterfaces": [{"DeviceIndex": 0, "Groups": [of_machine]}]})
    for group in (of_balancer, of_machine):
        with refused("DependencyViolation"):
            account.ec2.delete_security_group(GroupId=group)
    with refused("DependencyViolation"):
        account.ec2.delete_subnet(SubnetId=account.subnets[0])
    account.ec2.delete_security_group(GroupId=free)


def test_a_security_group_that_another_ones_rule_names_cannot_be_deleted(account, refused):
    source, guard = (
        account.ec2.create_security_group(GroupName=name, Description=name, VpcId=account.vpc)["GroupId"]
        for name in ("source", "guard")
    )
    permission = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": source}]}
    account.ec2.authorize_security_group_ingress(GroupId=guard, IpPermissions=[permission])
    with refused("DependencyViolation"):
        account.ec2.delete_security_group(GroupId=source)


def test_a_new_security_group_lets_everything_out(account):
    group = account.ec2.create_security_group(GroupName="a", Description="a", VpcId=account.vpc)["GroupId"]
    found = account.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissionsEgress"]
    assert [one["IpProtocol"] for one in found] == ["-1"]


def test_an_image_that_does_not_exist_boots_nothing(account, refused):
    with refused(r"InvalidAMIID\.NotFound"):
        account.ec2.run_instances(ImageId="ami-0123456789abcdef0", MinCount=1, MaxCount=1)
    with refused("ValidationError"):
        account.fleet("v1", 0, image="ami-0123456789abcdef0")


def test_a_deregistered_image_is_gone(account, refused):
    account.ec2.deregister_image(ImageId=SAMPLE)
    assert account.ec2.describe_images(ImageIds=[SAMPLE])["Images"] == []
    with refused("ValidationError"):
        account.fleet("v1", 0)


def test_fleets_have_names_of_their_own_and_sizes_in_order(account, refused):
    account.fleet("v1", 1)
    with refused("AlreadyExists"):
        account.autoscaling.create_auto_scaling_group(AutoScalingGroupName="v1", MinSize=0, MaxSize=1)
    with refused("ValidationError"):
        account.autoscaling.set_desired_capacity(AutoScalingGroupName="v1", DesiredCapacity=6)
    with refused("ValidationError"):
        account.autoscaling.update_auto_scaling_group(AutoScalingGroupName="v1", MinSize=6)


def protect(account, instances, fleet="v1", on=True):
    account.autoscaling.set_instance_protection(
        AutoScalingGroupName=fleet, InstanceIds=list(instances), ProtectedFromScaleIn=on
    )


def resize(account, size):
    account.autoscaling.set_desired_capacity(AutoScalingGroupName="v1", DesiredCapacity=size)


def test_protected_instances_stay_when_less_is_desired_and_leave_when_they_are_let_go(account):
    account.fleet("v1", 3)
    held = sorted(account.instances("v1"))[:2]
    protect(account, held)
    resize(account, 0)
    assert sorted(account.instances("v1")) == held
    protect(account, held[:1], on=False)
    assert sorted(account.instances("v1")) == held[1:]


def test_new_instances_are_protected_where_their_fleet_says_so(account):
    account.fleet("v1", 1, NewInstancesProtectedFromScaleIn=True)
    resize(account, 2)
    resize(account, 0)
    assert len(account.instances("v1")) == 2


def test_what_is_desired_stays_within_the_bounds_though_protected_instances_are_more(account):
    account.fleet("v1", 3, NewInstancesProtectedFromScaleIn=True)
    resize(account, 0)
    account.autoscaling.update_auto_scaling_group(AutoScalingGroupName="v1", MinSize=2)
    (group,) = account.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["v1"])["AutoScalingGroups"]
    assert (group["DesiredCapacity"], len(group["Instances"])) == (2, 3)


def test_a_fleet_is_scaled_though_its_target_group_is_gone(account):
    outlives_its_groups(account.cloud.backends.autoscaling)
    gone, stays = account.group("gone"), account.group("stays")
    account.fleet("v1", 1, TargetGroupARNs=[gone, stays])
    account.elbv2.delete_target_group(TargetGroupArn=gone)
    resize(account, 2)
    assert sorted(account.health(stays)) == sorted(account.instances("v1"))
    (group,) = account.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["v1"])["AutoScalingGroups"]
    assert group["TargetGroupARNs"] == [gone, stays]


def test_only_instances_of_the_fleet_can_be_protected_and_fifty_at_most(account, refused):
    account.fleet("v1", 1)
    account.fleet("v2", 1)
    (one,), (other,) = account.instances("v1"), account.instances("v2")
    for wrong in ([one, other], [f"i-{number:017x}" for number in range(51)], ["i-0123456789abcdef0"]):
        with refused("ValidationError"):
            protect(account, wrong)
    with refused("ValidationError"):
        protect(account, [one], fleet="v3")
    (group,) = account.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["v1"])["AutoScalingGroups"]
    assert [instance["ProtectedFromScaleIn"] for instance in group["Instances"]] == [False]


def test_a_fleet_with_instances_cannot_be_deleted_unforced(account, refused):
    account.fleet("v1", 1)
    with refused("ResourceInUse"):
        account.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="v1")
    account.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="v1", ForceDelete=True)


def test_targets_are_unused_until_a_rule_names_their_group_and_drain_when_they_leave_it(account, listener):
    group = account.group("v1")
    account.fleet("v1", 1, TargetGroupARNs=[group])
    (instance,) = account.instances("v1")
    assert account.health(group) == {instance: "Target.NotInUse"}
    account.rule(listener, 1, {group: 1})
    assert account.health(group) == {instance: "Elb.RegistrationInProgress"}
    account.elbv2.deregister_targets(TargetGroupArn=group, Targets=[{"Id": instance}])
    assert account.health(group) == {instance: "Target.DeregistrationInProgress"}


def test_health_can_be_asked_of_one_target(account, refused):
    group = account.group("v1")
    asked = {"TargetGroupArn": group, "Targets": [{"Id": "i-0123456789abcdef0"}]}
    (found,) = account.elbv2.describe_target_health(**asked)["TargetHealthDescriptions"]
    assert found["TargetHealth"]["Reason"] == "Target.NotRegistered"
    with refused("TargetGroupNotFound"):
        account.health(group[:-1])


def test_other_services_pass_through(account):
    s3 = account.client("s3")
    s3.create_bucket(Bucket="shop")
    s3.put_object(Bucket="shop", Key="a", Body=b"held")
    assert s3.get_object(Bucket="shop", Key="a")["Body"].read() == b"held"
    assert account.client("sts").get_caller_identity()["Account"] == "123456789012"


def test_a_change_wakes_the_loop_and_a_look_does_not(account):
    account.cloud.changed.clear()
    account.elbv2.describe_load_balancers()
    assert not account.cloud.changed.is_set()
    account.balancer("shop")
    assert account.cloud.changed.is_set()
