"""Rules: one call for all weights, priorities that are taken, drift, tags of another hand."""

from collections.abc import Iterator

import grpc
import pytest

from tests.rehearsal.aws_provider.world import World, forward
from tests.rehearsal.provider.engine import Made, refusal

RULE = "aws:lb/listenerRule:ListenerRule"


@pytest.fixture
def rule(world: World) -> Iterator[Made]:
    """The weighted rule, made anew for each test."""
    yield world("listener rule")
    world.drop("listener rule")


def test_weights_moved_elsewhere_are_seen_and_put_back(world: World, rule: Made) -> None:
    elbv2 = world.client("elbv2")
    groups = [world("target group").id, world("second target group").id]
    moved = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in zip(groups, (300, 700), strict=True)]
    elbv2.modify_rule(RuleArn=rule.id, Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": moved}}])
    seen = rule.refresh()
    assert seen.inputs["actions"] == forward((groups[0], 300), (groups[1], 700))
    assert list(seen.diff().diffs) == ["actions"]
    seen.update()
    (live,) = elbv2.describe_rules(RuleArns=[rule.id])["Rules"]
    weights = [one["Weight"] for one in live["Actions"][0]["ForwardConfig"]["TargetGroups"]]
    assert weights == [900, 100]


def test_tags_of_another_hand_stay_while_tags_are_ignored(world: World, rule: Made) -> None:
    elbv2 = world.client("elbv2")
    elbv2.add_tags(ResourceArns=[rule.id], Tags=[{"Key": "mark", "Value": "run-1"}])
    seen = rule.refresh()
    assert seen.inputs["tags"] == {"a": "b", "mark": "run-1"}
    assert sorted(seen.diff().diffs) == ["tags"]
    # The engine puts the recorded tags in the place of ignored ones; by then the mark may be another.
    elbv2.add_tags(ResourceArns=[rule.id], Tags=[{"Key": "mark", "Value": "run-2"}])
    after = seen.update(tags=seen.inputs["tags"], actions=forward((world("target group").id, 999)))
    assert after.state["tags"] == {"a": "b", "mark": "run-2"}


def test_a_taken_priority_is_refused_on_create_and_on_move(world: World, rule: Made) -> None:
    other = world.engine.made(RULE, **{**rule.program, "priority": 7})
    with pytest.raises(grpc.RpcError) as caught:
        other.update(priority=40000)
    assert refusal(caught).startswith(f"update {RULE} it ({other.id}): SetRulePriorities: PriorityInUse")
    with pytest.raises(grpc.RpcError) as caught:
        world.engine.made(RULE, **rule.program)
    assert refusal(caught).startswith(f"create {RULE} it: CreateRule: PriorityInUse")
    other.delete()


def test_without_a_priority_it_takes_one_more_than_the_highest(world: World, rule: Made) -> None:
    other = world.engine.made(RULE, **{key: value for key, value in rule.program.items() if key != "priority"})
    assert other.state["priority"] == 40001
    assert dict(other.diff().detailedDiff) == {}
    other.delete()


def test_a_rule_keeps_the_shape_its_program_wrote(world: World, rule: Made) -> None:
    single = [{"type": "forward", "targetGroupArn": world("target group").id}]
    changed = world.put("listener rule", rule.update(actions=single))
    assert changed.refresh().state["actions"] == [{**single[0], "order": 1}]
    assert dict(changed.refresh().diff().detailedDiff) == {}


def test_stickiness_that_is_off_and_not_written_is_no_difference(world: World, rule: Made) -> None:
    (action,) = forward((world("target group").id, 1))
    sticky = {**action, "forward": {**action["forward"], "stickiness": {"duration": 60, "enabled": True}}}
    changed = world.put("listener rule", rule.update(actions=[sticky]))
    assert dict(changed.refresh().diff().detailedDiff) == {}
    assert list(changed.diff(actions=[action]).diffs) == ["actions"]
    changed = world.put("listener rule", changed.update(actions=[action]))
    assert dict(changed.refresh().diff().detailedDiff) == {}


def test_a_rule_that_is_gone_reads_as_gone_and_is_deleted_without_a_word(world: World, rule: Made) -> None:
    world.client("elbv2").delete_rule(RuleArn=rule.id)
    assert rule.refresh().id == ""
    rule.delete()


def test_a_rule_that_forwards_may_answer_itself_and_forward_again(world: World, rule: Made) -> None:
    told = {"contentType": "text/plain", "messageBody": "Nobody.", "statusCode": "503"}
    itself = rule.update(actions=[{"type": "fixed-response", "fixedResponse": told}])
    elbv2 = world.client("elbv2")
    (live,) = elbv2.describe_rules(RuleArns=[rule.id])["Rules"]
    assert [one["Type"] for one in live["Actions"]] == ["fixed-response"]
    assert dict(itself.refresh().diff().detailedDiff) == {}
    again = itself.update(actions=forward((world("target group").id, 999)))
    (live,) = elbv2.describe_rules(RuleArns=[rule.id])["Rules"]
    assert [one["Type"] for one in live["Actions"]] == ["forward"]
    assert dict(again.refresh().diff().detailedDiff) == {}


def test_a_rule_that_another_hand_made_answer_itself_is_drift_and_put_back(world: World, rule: Made) -> None:
    elbv2 = world.client("elbv2")
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503", "ContentType": "text/plain"}}
    elbv2.modify_rule(RuleArn=rule.id, Actions=[fixed])
    seen = rule.refresh()
    assert list(seen.diff().diffs) == ["actions"]
    seen.update()
    (live,) = elbv2.describe_rules(RuleArns=[rule.id])["Rules"]
    assert [one["Type"] for one in live["Actions"]] == ["forward"]
