"""Target groups: in use, named twice, with the provider's own defaults."""

import time

import grpc
import pytest

from tests.patience import PATIENCE
from tests.rehearsal.aws_provider.world import World
from tests.rehearsal.provider.engine import refusal

TARGET_GROUP = "aws:lb/targetGroup:TargetGroup"


def test_a_group_that_a_rule_names_is_not_deleted_and_awss_words_say_so(world: World) -> None:
    world("listener rule")
    begun = time.monotonic()
    with pytest.raises(grpc.RpcError) as caught:
        world("target group").delete()
    assert time.monotonic() - begun >= 0.5, "it did not try again"
    assert "DeleteTargetGroup: ResourceInUse" in refusal(caught)
    assert "is currently in use by a listener or a rule" in refusal(caught)


def test_a_group_that_is_let_go_while_its_delete_waits_is_deleted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLUICE_AWS_DELETE_RETRY_SECONDS", "20")
    rule, group = world("listener rule"), world("second target group")
    deleting = world.engine.stub.Delete.future(world.engine.deletion(group.token, group.id, group.state))
    rule.delete()
    deleting.result(timeout=PATIENCE)
    assert group.refresh().id == ""
    world.destroy()


def test_a_name_that_is_taken_is_refused_in_the_providers_words(world: World) -> None:
    taken = world("target group").state["name"]
    with pytest.raises(grpc.RpcError) as caught:
        world.engine.made(TARGET_GROUP, name=taken, port=1, protocol="HTTP", vpcId=world("vpc").id)
    assert refusal(caught) == f"create {TARGET_GROUP} it: ELBv2 Target Group ({taken}) already exists"


def test_a_health_check_left_out_has_the_providers_defaults_not_the_apis(world: World) -> None:
    group = world("second target group")
    assert {key: group.state["healthCheck"][key] for key in ("healthyThreshold", "unhealthyThreshold")} == {
        "healthyThreshold": 3,
        "unhealthyThreshold": 3,
    }
    assert group.state["stickiness"] == {"enabled": False, "type": "lb_cookie", "cookieDuration": 86400}
    assert group.state["arnSuffix"] == group.id.split(":", 5)[5]


def test_a_group_of_a_rule_knows_its_load_balancer_after_a_refresh(world: World) -> None:
    assert world("target group").state["loadBalancerArns"] == []
    world("listener rule")
    assert world("target group").refresh().state["loadBalancerArns"] == [world("load balancer").id]
