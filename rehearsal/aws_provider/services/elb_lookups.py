"""What a program may look up in load balancing: load balancers and listeners."""

from rehearsal.aws_provider import tagging
from rehearsal.aws_provider.cloud import Aws, only, pages
from rehearsal.aws_provider.services import elb_listener, elb_load_balancer
from rehearsal.provider.errors import RefusedError
from rehearsal.provider.values import Props


def load_balancer(aws: Aws, arguments: Props) -> Props:
    """The one load balancer that matches."""
    wanted = {"arn": "LoadBalancerArn", "name": "LoadBalancerName"}
    balancers = pages(aws.elbv2, "describe_load_balancers", "LoadBalancers")
    matching = [
        one
        for one in balancers
        if all(one[theirs] == arguments[ours] for ours, theirs in wanted.items() if ours in arguments)
    ]
    tags = arguments.get("tags", {})
    if tags:
        matching = [one for one in matching if tags.items() <= tagging.elb_tags(aws, one["LoadBalancerArn"]).items()]
    live = only(matching, "load balancers")
    props = elb_load_balancer.shown(aws, live)
    return {**props, "id": live["LoadBalancerArn"], "tags": props["tagsAll"], "connectionLogs": []}


def listener(aws: Aws, arguments: Props) -> Props:
    """The one listener of that ARN, or of that load balancer and port."""
    if "arn" in arguments:
        live = elb_listener.describe(aws, arguments["arn"])
        matching = [live] if live else []
    elif {"loadBalancerArn", "port"} <= set(arguments):
        owner = arguments["loadBalancerArn"]
        listeners = pages(aws.elbv2, "describe_listeners", "Listeners", LoadBalancerArn=owner)
        matching = [one for one in listeners if one["Port"] == arguments["port"]]
    else:
        raise RefusedError("needs arn, or loadBalancerArn and port")
    live = only(matching, "listeners")
    props = elb_listener.shown(aws, live, {})
    return {**props, "id": live["ListenerArn"], "tags": props["tagsAll"], "mutualAuthentications": []}
