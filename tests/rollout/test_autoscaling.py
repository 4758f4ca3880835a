"""Fleets that do not shrink while traffic walks: on moto, and on a client that refuses what AWS refuses."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rollout.autoscaling import AutoScalingFleets
from rollout.errors import RouterError
from tests.world import Shop


@pytest.fixture
def scaled(shop: Shop) -> Shop:
    """v1 with three instances, v2 with one; at most six each."""
    shop.build("v1", size=3)
    shop.build("v2", size=1)
    for fleet in shop.fleets.values():
        shop.aws("autoscaling").update_auto_scaling_group(AutoScalingGroupName=fleet, MinSize=0, MaxSize=6)
    return shop


@pytest.fixture
def fleets(scaled: Shop) -> AutoScalingFleets:
    return AutoScalingFleets(scaled.aws("autoscaling"), {**scaled.fleets, "old": None})


def group(shop: Shop, version: str) -> dict[str, Any]:
    (found,) = shop.aws("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[shop.fleets[version]])[
        "AutoScalingGroups"
    ]
    return found


def sizes(shop: Shop, version: str) -> tuple[int, int, int]:
    found = group(shop, version)
    return found["MinSize"], found["DesiredCapacity"], found["MaxSize"]


def protected(shop: Shop, version: str) -> tuple[list[bool], bool]:
    """Which instances are, and whether new ones will be."""
    found = group(shop, version)
    return [one["ProtectedFromScaleIn"] for one in found["Instances"]], found["NewInstancesProtectedFromScaleIn"]


def scale(shop: Shop, version: str, size: int) -> None:
    shop.aws("autoscaling").set_desired_capacity(AutoScalingGroupName=shop.fleets[version], DesiredCapacity=size)


def test_what_fleets_desire_is_asked_in_one_call_and_an_external_release_has_none(scaled, fleets):
    made: list[str] = []

    def note(model, **_) -> None:
        made.append(model.name)

    events = scaled.aws("autoscaling").meta.events
    events.register("before-call.auto-scaling.*", note)
    assert fleets.desired({"v1", "v2", "old", "v9"}) == {"v1": 3, "v2": 1}
    events.unregister("before-call.auto-scaling.*", note)
    assert made == ["DescribeAutoScalingGroups"]


def test_of_nobody_nothing_is_asked(scaled):
    fleets = AutoScalingFleets(None, {"old": None})
    assert fleets.desired(["old"]) == {}
    fleets.grow("old", 4)
    fleets.hold(["old"])
    fleets.let_go(["old"])


def test_a_fleet_grows_to_what_is_asked_and_its_maximum_with_it(scaled, fleets):
    fleets.grow("v2", 4)
    assert sizes(scaled, "v2") == (0, 4, 6)
    fleets.grow("v2", 9)
    assert sizes(scaled, "v2") == (0, 9, 9)


def test_a_fleet_never_shrinks_by_growing(scaled, fleets):
    fleets.grow("v1", 2)
    assert sizes(scaled, "v1") == (0, 3, 6)


def test_a_standby_that_was_scaled_in_to_nothing_grows_again(scaled, fleets):
    scale(scaled, "v2", 0)
    fleets.grow("v2", 3)
    assert sizes(scaled, "v2") == (0, 3, 6)
    assert len(group(scaled, "v2")["Instances"]) == 3


def test_what_is_held_is_not_scaled_in_and_may_still_grow(scaled, fleets):
    fleets.hold(["v1", "old"])
    scale(scaled, "v1", 1)
    assert len(group(scaled, "v1")["Instances"]) == 3
    scale(scaled, "v1", 5)
    assert protected(scaled, "v1") == ([True] * 5, True)
    assert protected(scaled, "v2") == ([False], False)


def test_what_is_let_go_may_shrink_again(scaled, fleets):
    fleets.hold(["v1", "v2"])
    fleets.let_go(["v1", "v2", "old"])
    assert protected(scaled, "v1") == ([False] * 3, False)
    assert protected(scaled, "v2") == ([False], False)


def test_a_fleet_that_is_gone_is_told_but_has_nothing_to_let_go(scaled):
    fleets = AutoScalingFleets(scaled.aws("autoscaling"), {**scaled.fleets, "v3": "gone"})
    for act in (fleets.desired, fleets.hold, lambda versions: fleets.grow(versions[0], 3)):
        with pytest.raises(RouterError, match="the fleet gone does not exist any more"):
            act(["v3"])
    fleets.hold(["v1"])
    fleets.let_go(["v1", "v3"])
    assert protected(scaled, "v1") == ([False] * 3, False)


class Refusing:
    """One Auto Scaling group of *states* by instance, which refuses what AWS refuses; `went` runs before a change."""

    def __init__(self, states: dict[str, str]) -> None:
        self.states = states
        self.protected: set[str] = set()
        self.new = False
        self.calls: list[str] = []
        self.went: Callable[[], object] = lambda: None

    def get_paginator(self, _: str) -> "Refusing":
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        self.calls.append("describe")
        instances = [
            {"InstanceId": name, "LifecycleState": state, "ProtectedFromScaleIn": name in self.protected}
            for name, state in self.states.items()
        ]
        found = {"AutoScalingGroupName": "fleet", "NewInstancesProtectedFromScaleIn": self.new, "Instances": instances}
        return [{"AutoScalingGroups": [found]}]

    def update_auto_scaling_group(self, **change: Any) -> None:
        self.calls.append("update")
        self.new = change["NewInstancesProtectedFromScaleIn"]

    def set_instance_protection(self, **change: Any) -> None:
        went, self.went = self.went, lambda: None
        went()
        names = change["InstanceIds"]
        self.calls.append(f"protect {len(names)}")
        assert len(names) <= 50
        for name in names:
            if self.states.get(name) not in ("InService", "EnteringStandby", "Standby"):
                said = f"The instance {name} is not in InService or EnteringStandby or Standby."
                raise ClientError({"Error": {"Code": "ValidationError", "Message": said}}, "SetInstanceProtection")
        self.protected |= set(names)


def test_an_instance_that_is_not_in_service_yet_is_taken_by_the_next_call():
    cloud = Refusing({"i-1": "InService", "i-2": "Pending", "i-3": "Terminating", "i-4": "Standby"})
    fleets = AutoScalingFleets(cloud, {"v1": "fleet"})
    fleets.hold(["v1"])
    assert (cloud.protected, cloud.new) == ({"i-1", "i-4"}, True)
    cloud.states["i-2"] = "InService"
    cloud.calls.clear()
    fleets.hold(["v1"])
    assert cloud.protected == {"i-1", "i-2", "i-4"}
    assert cloud.calls == ["describe", "protect 1"]


def test_what_is_held_already_costs_one_look():
    cloud = Refusing({"i-1": "InService"})
    fleets = AutoScalingFleets(cloud, {"v1": "fleet"})
    fleets.hold(["v1"])
    cloud.calls.clear()
    fleets.hold(["v1"])
    assert cloud.calls == ["describe"]


def test_an_instance_that_leaves_meanwhile_does_not_leave_the_others_unprotected():
    cloud = Refusing({"i-1": "InService", "i-2": "InService"})
    cloud.went = lambda: cloud.states.update({"i-1": "Terminating"})
    AutoScalingFleets(cloud, {"v1": "fleet"}).hold(["v1"])
    assert cloud.protected == {"i-2"}


def test_a_fleet_whose_instances_keep_leaving_is_told_in_the_end():
    cloud = Refusing({f"i-{number}": "InService" for number in range(9)})

    def leave() -> None:
        cloud.states[next(name for name, state in cloud.states.items() if state == "InService")] = "Terminating"
        cloud.went = leave

    cloud.went = leave
    with pytest.raises(RouterError, match=r"^protect fleet from scale-in: .*is not in InService"):
        AutoScalingFleets(cloud, {"v1": "fleet"}).hold(["v1"])


def test_more_instances_than_one_call_takes_are_protected_in_several():
    cloud = Refusing({f"i-{number}": "InService" for number in range(120)})
    AutoScalingFleets(cloud, {"v1": "fleet"}).hold(["v1"])
    assert len(cloud.protected) == 120
    assert cloud.calls[-3:] == ["protect 50", "protect 50", "protect 20"]


def test_what_aws_refuses_is_told_with_what_was_tried(scaled, fleets, monkeypatch):
    def throttled(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "Throttling", "Message": "slow"}}, "UpdateAutoScalingGroup")

    monkeypatch.setattr(scaled.aws("autoscaling"), "update_auto_scaling_group", throttled)
    with pytest.raises(RouterError, match=rf"^let {scaled.fleets['v2']} have 4 instances: .*Throttling") as caught:
        fleets.grow("v2", 4)
    assert caught.value.passing
