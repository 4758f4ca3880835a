"""What the world says in the program's own form, and what a refresh records of it."""

from rehearsal.aws_provider.services.registry import TYPES
from rehearsal.provider.check import DEFAULTS
from rehearsal.provider.shape import inputs, outputs
from tests.rehearsal.aws_provider.world import forward

RULE = TYPES["aws:lb/listenerRule:ListenerRule"]
BUCKET = TYPES["aws:s3/bucket:Bucket"]
POLICY = TYPES["aws:iam/rolePolicy:RolePolicy"]


def test_sets_keep_the_programs_order_and_newcomers_come_last() -> None:
    live = {"actions": forward(("c", 3), ("a", 1), ("b", 2))}
    state = outputs(RULE, live, {"actions": forward(("b", 2), ("a", 1))}, {})
    assert state["actions"] == forward(("b", 2), ("a", 1), ("c", 3))


def test_a_policy_keeps_the_programs_spelling_while_it_says_the_same() -> None:
    assert outputs(POLICY, {"policy": '{"a": 1}'}, {"policy": '{ "a":1 }'}, {})["policy"] == '{ "a":1 }'
    assert outputs(POLICY, {"policy": '{"a": 2}'}, {"policy": '{ "a":1 }'}, {})["policy"] == '{"a": 2}'


def test_what_only_pulumi_knows_is_kept_from_inputs_state_or_default() -> None:
    assert outputs(BUCKET, {}, {"forceDestroy": True}, {})["forceDestroy"] is True
    assert outputs(BUCKET, {}, {}, {"forceDestroy": True})["forceDestroy"] is True
    assert outputs(BUCKET, {}, {}, {})["forceDestroy"] is False


def test_a_refresh_records_moved_weights_in_the_inputs() -> None:
    given = {"actions": forward(("a", 999)), "priority": 5, DEFAULTS: ["region"]}
    state = {"actions": [{**forward(("a", 700), ("b", 300))[0], "order": 1}], "priority": 6, "tags": {"mark": "x"}}
    assert inputs(RULE, state, given) == {
        "actions": forward(("a", 700), ("b", 300)),
        "priority": 6,
        "tags": {"mark": "x"},
        DEFAULTS: ["region"],
    }


def test_a_refresh_leaves_out_what_the_world_decided() -> None:
    assert inputs(RULE, {"priority": 6, "tags": {}}, {}) == {DEFAULTS: []}
