"""The zero-traffic proof."""

import threading
from dataclasses import dataclass, field

import pytest

from rollout.errors import RefusedError, StoppedError
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
    asked: list = field(default_factory=list)

    def describe_target_groups(self, TargetGroupArns):  # noqa: N803  boto3's spelling
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
    def run(drain=300):
        began = clock.now()
        await_quiet(group=GROUP, drain=drain, elbv2=cloud, cloudwatch=cloud, clock=clock, stop=stop, say=lambda _: None)
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


def test_a_slice_that_keeps_getting_requests_stays(wait, cloud, clock):
    for second in range(0, 2000, 10):
        clock.at(second, lambda second=second: setattr(cloud, "total", second))
    with pytest.raises(RefusedError, match="still gets requests"):
        wait()


def test_a_target_group_that_no_balancer_knows_is_quiet(wait, cloud):
    cloud.gone = True
    assert 300 <= wait() < 302


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
