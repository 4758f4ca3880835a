"""The options of `python -m rehearsal faults`, as people type them."""

import pytest

from rehearsal.cloud.faults import AWS_LIMITS, FaultError
from rehearsal.fault_options import counts, seconds, throttles


def test_limits_are_of_an_action_or_of_all():
    assert throttles(["ModifyRule=1/3", "10/40"]) == {"ModifyRule": (1.0, 3.0), "*": (10.0, 40.0)}
    assert throttles(None) == {}


def test_the_limits_of_aws_have_a_name_and_can_be_changed_one_by_one():
    assert throttles(["aws"]) == AWS_LIMITS
    changed = throttles(["aws", "elasticloadbalancing:Describe*=1/1"])
    assert changed == {**AWS_LIMITS, "elasticloadbalancing:Describe*": (1.0, 1.0)}


def test_counts_are_one_where_none_is_given():
    assert counts("--kill", ["v1", "v2=3"]) == {"v1": 1, "v2": 3}


@pytest.mark.parametrize("text", ["ModifyRule", "ModifyRule=", "ModifyRule=3", "=1/x", "x/1", "1/", ""])
def test_a_limit_that_is_none_is_named(text):
    with pytest.raises(FaultError, match="--throttle"):
        throttles([text])


@pytest.mark.parametrize("text", ["v1", "=3", "v1=", "v1=x"])
def test_seconds_that_are_none_are_named(text):
    with pytest.raises(FaultError, match="--flap"):
        seconds("--flap", [text])


@pytest.mark.parametrize("text", ["", "=3", "v1=x", "v1=-1", "v1=1.5"])
def test_a_count_that_is_none_is_named(text):
    with pytest.raises(FaultError, match="--kill"):
        counts("--kill", [text])
