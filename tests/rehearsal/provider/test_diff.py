"""What differs and what does not: order, spelling, absence, unknown values, replacement."""

import json
from typing import Any

import pytest

from rehearsal.aws_provider.services.registry import TYPES
from rehearsal.provider.check import DEFAULTS
from rehearsal.provider.diff import deletes_first, differences
from rehearsal.provider.values import UNKNOWN
from tests.rehearsal.aws_provider.world import READ, forward

RULE = TYPES["aws:lb/listenerRule:ListenerRule"]
TARGET_GROUP = TYPES["aws:lb/targetGroup:TargetGroup"]
POLICY = TYPES["aws:iam/rolePolicy:RolePolicy"]
TEMPLATE = TYPES["aws:ec2/launchTemplate:LaunchTemplate"]
ATTACHMENT = TYPES["aws:iam/rolePolicyAttachment:RolePolicyAttachment"]


def paths(kind: Any, olds: dict[str, Any], news: dict[str, Any], *ignored: str) -> list[str]:
    return [one.path for one in differences(kind, olds, news, ignored)]


def test_order_in_a_set_is_no_difference() -> None:
    olds = {"actions": forward(("a", 1), ("b", 2)), "conditions": [{"pathPattern": {"values": ["/a", "/b"]}}]}
    news = {"actions": forward(("b", 2), ("a", 1)), "conditions": [{"pathPattern": {"values": ["/b", "/a"]}}]}
    assert paths(RULE, olds, news) == []


def test_order_in_a_list_is_one() -> None:
    disks = [{"deviceName": "a"}, {"deviceName": "b"}]
    found = paths(TEMPLATE, {"blockDeviceMappings": disks}, {"blockDeviceMappings": disks[::-1]})
    assert found == ["blockDeviceMappings[0].deviceName", "blockDeviceMappings[1].deviceName"]


def test_swapped_weights_are_a_difference() -> None:
    found = paths(RULE, {"actions": forward(("a", 1), ("b", 2))}, {"actions": forward(("a", 2), ("b", 1))})
    assert found == ["actions[0].forward.targetGroups"]


def test_a_group_that_joins_is_a_difference_of_the_whole_set() -> None:
    found = paths(RULE, {"actions": forward(("a", 1))}, {"actions": forward(("b", 0), ("a", 1))})
    assert found == ["actions[0].forward.targetGroups"]


def test_a_forward_block_that_is_removed_is_no_difference_but_one_that_is_added_is() -> None:
    block, single = forward(("a", 1)), [{"type": "forward", "targetGroupArn": "a"}]
    assert paths(RULE, {"actions": [{**block[0], **single[0]}]}, {"actions": single}) == []
    assert paths(RULE, {"actions": single}, {"actions": [{**block[0], **single[0]}]}) == ["actions[0].forward"]


@pytest.mark.parametrize(
    "written",
    [
        json.dumps(READ, indent=2),
        json.dumps(READ, sort_keys=True),
        json.dumps({**READ, "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["*"]}}),
    ],
    ids=["spaces", "order", "one for a list of one"],
)
def test_policies_that_say_the_same_do_not_differ(written: str) -> None:
    assert paths(POLICY, {"policy": json.dumps(READ)}, {"policy": written}) == []


def test_a_policy_that_says_something_else_differs() -> None:
    assert paths(POLICY, {"policy": json.dumps(READ)}, {"policy": json.dumps({**READ, "Id": "x"})}) == ["policy"]


def test_what_the_world_decides_differs_only_when_it_is_given() -> None:
    state = {"protocolVersion": "HTTP1", "healthCheck": {"path": "/", "interval": 30}, "slowStart": 0}
    assert paths(TARGET_GROUP, state, {"healthCheck": {"interval": 30}}) == []
    assert paths(TARGET_GROUP, state, {"protocolVersion": "GRPC"}) == ["protocolVersion"]


def test_what_is_left_out_and_was_there_is_a_deletion() -> None:
    (found,) = differences(TEMPLATE, {"keyName": "mine"}, {}, ())
    assert (found.path, found.how) == ("keyName", "delete")
    assert paths(TEMPLATE, {"keyName": ""}, {}) == []


def test_tags_differ_key_by_key() -> None:
    assert paths(RULE, {"tags": {"a": "1", "b": "2"}}, {"tags": {"b": "3", "c": "4"}}) == [
        'tags["a"]',
        'tags["b"]',
        'tags["c"]',
    ]


def test_a_value_that_only_up_will_know_differs() -> None:
    (found,) = differences(TARGET_GROUP, {"vpcId": "vpc-1"}, {"vpcId": UNKNOWN}, ())
    assert (found.path, found.how, found.replaces) == ("vpcId", "update", True)


def test_what_is_ignored_does_not_differ() -> None:
    olds, news = {"tags": {"a": "1"}, "priority": 1}, {"tags": {"a": "2"}, "priority": 2}
    assert paths(RULE, olds, news, "tags") == ["priority"]
    assert paths(RULE, olds, news, "tag") == ["priority", 'tags["a"]']


def test_a_replacement_frees_a_given_name_first_and_a_made_one_not() -> None:
    given = {"name": "fixed", DEFAULTS: []}
    assert deletes_first(TARGET_GROUP, {"name": "fixed"}, given)
    assert not deletes_first(TARGET_GROUP, {"name": "other"}, given)
    assert not deletes_first(TARGET_GROUP, {"name": "fixed"}, {**given, DEFAULTS: ["name"]})
    assert deletes_first(ATTACHMENT, {}, {})
