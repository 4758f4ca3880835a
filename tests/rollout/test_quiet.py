"""The zero-traffic proof."""

import threading
from dataclasses import dataclass, field

import pytest
from botocore.exceptions import ClientError

from rollout.errors import RefusedError, RouterError, StoppedError
from rollout.quiet import await_quiet

GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/shop-v1-0a1b2c3/0123456789abcdef"
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/shop/0123456789abcdef"


@dataclass
class Pages:
    pages: list

    def paginate(self, **_):
        return self.pages


@dataclass
class Cloud:
    """Both clients in one: the weight a rule gives the group, and the requests counted so far."""

    weight: int = 0
    total: int = 0
    gone: bool = False
    refuses: str = ""
    asked: list = field(default_factory=list)

    def describe_target_groups(self, TargetGroupArns):  # noqa: N803  boto3's spelling
        if self.refuses:
            raise ClientError({"Error": {"Code": self.refuses, "Message": "no"}}, "DescribeTargetGroups")
        return {"TargetGroups": [{"LoadBalancerArns": [] if self.gone else [BALANCER]}]}

    def get_paginator(self, operation):
        groups = [{"TargetGroupArn": GROUP, "Weight": self.weight}]
        weighted = {"Priority": "9", "Conditions": [], "Actions": [{"ForwardConfig": {"TargetGroups": groups}}]}
        header = {"HttpHeaderConfig": {"HttpHeaderName": "X-Slice"}}
        isolated = {"TargetGroupArn": GROUP, "Weight": 1}
        isolation = {
            "Priority": "1",
            "Conditions": [header],
            "Actions": [{"ForwardConfig": {"TargetGroups": [isolated]}}],
        }
        answers = {
            "describe_listeners": {"Listeners": [{"ListenerArn": "listener"}]},
            "describe_rules": {"Rules": [isolation, weighted]},
        }
        return Pages([answers[operation]])

    def get_metric_statistics(self, **query):
        self.asked.append(query)
        return {"Datapoints": [{"Sum": float(self.total)}] if self.total else []}


@pytest.fixture
def cloud():
    return Cloud()


@pytest.fixture
def stop():
    return threading.Event()


@pytest.fixture
def wait(cloud, clock, stop):
    def run(drain=300, **more):
        began = clock.now()
        world = {"elbv2": cloud, "cloudwatch": cloud, "clock": clock, "stop": stop}
        await_quiet(group=GROUP, drain=drain, **world, say=lambda _: None, **more)
        return clock.now() - began

    return run


def test_a_quiet_slice_goes_after_the_drain_time(wait):
    assert 300 <= wait() < 302


def test_a_slice_with_weight_stays(wait, cloud):
    cloud.weight = 1
    with pytest.raises(RefusedError, match=r"still carries traffic .weight 1 in rule 9"):
        wait()


def test_a_slice_that_gains_weight_meanwhile_stays(wait, cloud, clock):
    clock.at(100, lambda: setattr(cloud, "weight", 10))
    with pytest.raises(RefusedError, match="weight 10"):
        wait()


def test_requests_of_before_do_not_count_but_new_ones_start_the_wait_again(wait, cloud, clock):
    cloud.total = 5
    clock.at(100, lambda: setattr(cloud, "total", 6))
    assert 400 <= wait() < 402


def test_a_request_that_shows_late_is_waited_for(wait, cloud, clock):
    clock.at(110, lambda: setattr(cloud, "total", 1))  # one of the tenth second
    assert 240 <= wait(10, late=120) < 242


def test_a_slice_that_keeps_getting_requests_stays(wait, cloud, clock):
    for second in range(0, 2000, 10):
        clock.at(second, lambda second=second: setattr(cloud, "total", second))
    said = r"^shop-v1-0a1b2c3 still gets requests \(780 in 780 s\) though it has no share: .*nothing of its slice was"
    with pytest.raises(RefusedError, match=said):
        wait()


def test_a_target_group_that_no_balancer_knows_is_quiet(wait, cloud):
    cloud.gone = True
    assert 300 <= wait() < 302


def test_a_look_that_was_throttled_proves_nothing_and_ends_nothing(wait, cloud, clock):
    clock.at(10, lambda: setattr(cloud, "refuses", "Throttling"))
    clock.at(310, lambda: setattr(cloud, "refuses", ""))
    assert 310 <= wait() < 312


def test_who_may_not_look_deletes_nothing(wait, cloud, clock):
    clock.at(10, lambda: setattr(cloud, "refuses", "AccessDenied"))
    with pytest.raises(RouterError, match="AccessDenied"):
        wait()


def test_a_cloud_that_never_answers_again_is_told_in_the_end(wait, cloud):
    cloud.refuses = "Throttling"
    with pytest.raises(RouterError, match="Throttling"):
        wait()


def test_a_stop_leaves_the_slice(wait, clock, stop):
    clock.at(3, stop.set)
    with pytest.raises(StoppedError, match="nothing of"):
        wait()


def test_the_metric_asked_for_is_the_groups_behind_its_balancer(wait, cloud):
    wait(1)
    assert cloud.asked[0]["Dimensions"] == [
        {"Name": "TargetGroup", "Value": "targetgroup/shop-v1-0a1b2c3/0123456789abcdef"},
        {"Name": "LoadBalancer", "Value": "app/shop/0123456789abcdef"},
    ]
