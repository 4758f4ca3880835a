"""Request counts of target groups from CloudWatch."""

from datetime import UTC, datetime
from typing import Any

from rollout.routers.alb import asked

MINUTE = 60


def requests(cloudwatch: Any, balancer: str, group: str, start: float, end: float) -> int:
    """How many requests target group *group* behind load balancer *balancer* (ARNs) got from *start* to *end*.

    Unix seconds. The points are minutes, so a request up to a minute before *start* may be counted; CloudWatch has no
    point where there was no request, and shows what there was some minutes late. Isolation traffic counts too.
    """
    dimensions = [
        {"Name": "TargetGroup", "Value": group.rsplit(":", maxsplit=1)[-1]},
        {"Name": "LoadBalancer", "Value": balancer.partition(":loadbalancer/")[2]},
    ]
    answer = asked(
        "read the request count",
        lambda: cloudwatch.get_metric_statistics(
            Namespace="AWS/ApplicationELB",
            MetricName="RequestCount",
            Dimensions=dimensions,
            StartTime=datetime.fromtimestamp(start, UTC),
            EndTime=datetime.fromtimestamp(end, UTC),
            Period=MINUTE,
            Statistics=["Sum"],
        ),
    )
    return int(sum(point["Sum"] for point in answer["Datapoints"]))
