"""Request counts on moto's CloudWatch."""

from datetime import UTC, datetime

import pytest

from rollout.errors import RouterError
from rollout.metrics.cloudwatch import requests

GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/shop-v1-0123abc/0123456789abcdef"
OTHER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/shop-v2-0123abc/0123456789abcdef"
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/shop/fedcba9876543210"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()


@pytest.fixture(scope="module")
def cloudwatch(aws):
    """What a load balancer wrote: a point a minute with requests, by target group."""
    client = aws("cloudwatch")
    for group, minute, count in [(GROUP, 0, 5), (GROUP, 1, 7), (GROUP, 9, 100), (OTHER, 1, 1000)]:
        client.put_metric_data(
            Namespace="AWS/ApplicationELB",
            MetricData=[
                {
                    "MetricName": "RequestCount",
                    "Dimensions": [
                        {"Name": "TargetGroup", "Value": group.rpartition(":")[2]},
                        {"Name": "LoadBalancer", "Value": "app/shop/fedcba9876543210"},
                    ],
                    "Timestamp": datetime.fromtimestamp(NOON + 60 * minute, UTC),
                    "Value": count,
                    "Unit": "Count",
                }
            ],
        )
    return client


def test_the_requests_of_a_group_are_summed_over_its_minutes(cloudwatch):
    assert requests(cloudwatch, BALANCER, GROUP, NOON, NOON + 120) == 12


def test_another_time_and_another_group_do_not_count(cloudwatch):
    assert requests(cloudwatch, BALANCER, GROUP, NOON + 60, NOON + 120) == 7
    assert requests(cloudwatch, BALANCER, OTHER, NOON, NOON + 120) == 1000


def test_no_point_is_no_request(cloudwatch):
    assert requests(cloudwatch, BALANCER, GROUP, NOON + 180, NOON + 300) == 0


def test_another_load_balancer_has_none_of_them(cloudwatch):
    assert requests(cloudwatch, BALANCER.replace("app/shop", "app/other"), GROUP, NOON, NOON + 120) == 0


def test_what_aws_refuses_is_told(cloudwatch):
    with pytest.raises(RouterError, match=r"^read the request count: .*StartTime"):
        requests(cloudwatch, BALANCER, GROUP, NOON + 60, NOON)
