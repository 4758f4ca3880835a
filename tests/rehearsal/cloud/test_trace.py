"""The calls of a cloud, written down once somebody wants to count them."""

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from rehearsal.cloud import faults, trace
from rehearsal.cloud.faults import Faults
from tests.patience import eventually

pytestmark = pytest.mark.slow  # a moto of its own for each, over HTTP


def test_nothing_is_written_before_it_begins(account):
    account.elbv2.describe_load_balancers()
    assert not (account.cloud.home / trace.FILE).exists()


def test_a_call_is_written_with_who_asked_what_and_the_answer(account):
    trace.begin(account.cloud.home)
    account.client("elbv2", key="someone").describe_load_balancers()
    account.client("s3").list_buckets()
    first, second = trace.read(account.cloud.home)
    assert (first.key, first.service, first.action, first.status) == (
        "someone",
        "elasticloadbalancing",
        "DescribeLoadBalancers",
        200,
    )
    assert first.agent.startswith("Boto3/")
    assert (second.service, second.action) == ("s3", "")
    assert first.at <= second.at


def test_to_begin_again_is_to_forget(account):
    trace.begin(account.cloud.home)
    account.elbv2.describe_load_balancers()
    trace.begin(account.cloud.home)
    account.elbv2.describe_target_groups()
    assert [one.action for one in trace.read(account.cloud.home)] == ["DescribeTargetGroups"]


def test_what_a_fault_refuses_is_written_too(account):
    trace.begin(account.cloud.home)
    faults.write(account.cloud.home, Faults(throttle={"DescribeLoadBalancers": (0, 0)}))
    with pytest.raises(ClientError):
        account.client("elbv2", retries=0).describe_load_balancers()
    faults.write(account.cloud.home, Faults(lose_reply={"DescribeLoadBalancers": 1}))
    with pytest.raises(ConnectionClosedError):
        account.client("elbv2", retries=0).describe_load_balancers()
    eventually(lambda: len(trace.read(account.cloud.home)) == 2, "the lost reply is written")
    assert [one.status for one in trace.read(account.cloud.home)] == [400, 0]
