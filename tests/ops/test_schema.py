"""`schema`: what the data is at, in words, and set by hand."""

from dataclasses import replace

import pytest

from ops.errors import BusyError, OpsError
from ops.schema import schema
from rollout.mark import Mark, me
from rollout.schema import Schema

V1, V2 = {"v1": 1000}, {"v2": 1000}


def test_what_is_recorded_is_told_with_who_cannot_read_it(stack, cloud, said):
    cloud.shares = replace(cloud.shares, schema=Schema(1, 8, migrating=True))
    schema(stack, None, said.append)
    assert said == ["the data is at schema 8 (migrating), which v1, v2 cannot read"]


def test_nothing_recorded_is_told(stack, cloud, said):
    schema(stack, None, said.append)
    assert said[0].startswith("nothing is recorded")


@pytest.mark.parametrize(("before", "after"), [(None, Schema(7, 7)), (Schema(6, 8, migrating=True), Schema(6, 7))])
def test_after_a_change_by_hand_it_is_set(stack, cloud, said, before, after):
    cloud.shares = replace(cloud.shares, schema=before)
    schema(stack, 7, said.append)
    assert cloud.shares.schema == after
    assert said[0].startswith("the data is at schema 7")


def test_a_walk_that_is_on_is_left_alone(stack, cloud, said, clock):
    cloud.shares = replace(cloud.shares, mark=Mark("run12345", V1, V2, me(), 4_000_000_000))
    with pytest.raises(BusyError, match="a walk is on: v1 100 → v2 100"):
        schema(stack, 7, said.append)
    assert cloud.shares.schema is None


def test_without_a_rule_there_is_nothing_to_record_it_beside(stack, cloud, said):
    cloud.shares = None
    with pytest.raises(OpsError, match="nothing splits traffic yet"):
        schema(stack, 7, said.append)
