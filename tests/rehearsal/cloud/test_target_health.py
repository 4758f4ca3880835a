"""What is said of a target, and for how long it drains."""

import dataclasses

import pytest

from rehearsal.cloud.balancer import TargetState
from rehearsal.cloud.routing import cluster_name
from rehearsal.cloud.target_health import Drains, health
from rehearsal.cloud.world import Listener, LoadBalancer, Rule, Target, TargetGroup, World
from rollout.envoy.config import Endpoint

ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/v1/0123456789abcdef"
ONE, TWO = Target("i-1", 8080), Target("i-2", 8080)
GROUP = TargetGroup(ARN, "v1", delay=30, targets=(ONE,))
AT = Endpoint("127.0.0.1", 20_001)
WELL = TargetState(checked=True, healthy=True, reason="", active=0)
ILL = TargetState(checked=True, healthy=False, reason="Target.Timeout", active=0)
UNCHECKED = TargetState(checked=False, healthy=False, reason="", active=0)


@pytest.mark.parametrize(
    ("in_use", "places", "state", "expected"),
    [
        (False, {"i-1": AT}, WELL, ("unused", "Target.NotInUse")),
        (True, {}, None, ("initial", "Elb.RegistrationInProgress")),
        (True, {"i-1": AT}, None, ("initial", "Elb.InitialHealthChecking")),
        (True, {"i-1": AT}, UNCHECKED, ("initial", "Elb.InitialHealthChecking")),
        (True, {"i-1": AT}, WELL, ("healthy", "")),
        (True, {"i-1": AT}, ILL, ("unhealthy", "Target.Timeout")),
    ],
)
def test_states(in_use, places, state, expected):
    states = {cluster_name(ARN): {AT: state}} if state else {}
    (found,) = health(GROUP, in_use, places, states, [])
    assert (found.state, found.reason) == expected
    assert bool(found.description) == bool(found.reason)


def test_a_group_without_checks_knows_nothing_of_its_targets():
    (found,) = health(dataclasses.replace(GROUP, check=None), True, {"i-1": AT}, {}, [])
    assert (found.state, found.reason) == ("unavailable", "Target.HealthCheckDisabled")


def test_draining_targets_come_last():
    found = health(GROUP, True, {"i-1": AT}, {cluster_name(ARN): {AT: WELL}}, [TWO])
    assert [(one.target.id, one.state) for one in found] == [("i-1", "healthy"), ("i-2", "draining")]


def world(*targets, used=True):
    rule = Rule(1, (), {"Type": "forward", "TargetGroupArn": ARN})
    balancer = LoadBalancer("lb", "shop", 60, (Listener("listener", 80, (rule,)),))
    return World((balancer,) if used else (), {ARN: dataclasses.replace(GROUP, targets=targets)})


@pytest.fixture
def drains():
    made = Drains()
    made.follow(world(ONE, TWO), 0.0)
    return made


def test_a_target_that_leaves_drains_for_the_deregistration_delay(drains):
    drains.follow(world(ONE), 10.0)
    assert drains.of(ARN, 39.0) == [TWO]
    assert drains.of(ARN, 40.0) == []


def test_the_delay_is_that_of_the_departure(drains):
    drains.follow(world(ONE), 10.0)
    drains.follow(world(ONE), 20.0)
    assert drains.of(ARN, 40.0) == []


def test_a_target_that_comes_back_does_not_drain(drains):
    drains.follow(world(ONE), 10.0)
    drains.follow(world(ONE, TWO), 11.0)
    drains.follow(world(ONE, TWO), 12.0)
    assert drains.of(ARN, 12.0) == []


def test_a_group_that_no_rule_names_drains_nothing(drains):
    drains.follow(world(ONE, used=False), 10.0)
    assert drains.of(ARN, 10.0) == []


def test_nothing_drains_in_a_group_that_is_gone(drains):
    drains.follow(world(ONE), 10.0)
    drains.follow(World(), 11.0)
    assert drains.of(ARN, 11.0) == []
