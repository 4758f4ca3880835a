"""What a slice may be made of: nothing that holds data, since a slice is deleted with all that is in it. Pure.

In: each resource that is about to be registered below a slice. Out: RunError for one that is not known to be stateless,
or that would write to what outlives it.
"""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi import ResourceTransformationArgs

STATELESS = (
    "sluice:aws:Slice",
    "sluice:docker:Slice",
    "aws:lb/targetGroup:TargetGroup",
    "aws:lb/listenerRule:ListenerRule",
    "aws:ec2/launchTemplate:LaunchTemplate",
    "aws:autoscaling/group:Group",
    "docker:index/remoteImage:RemoteImage",
    "docker:index/container:Container",
)


def only(args: ResourceTransformationArgs) -> None:
    """A transformation for a slice's options, which all of its resources inherit."""
    if args.type_ not in STATELESS:
        raise pulumi.RunError(
            f"{args.name}: a slice is deleted with all that is in it, and {args.type_} is not known to hold no data; "
            "make it in the data layer (components/aws/data.py, components/docker/data.py)"
        )
    mounts: Any = args.props.get("mounts")
    for mount in mounts or ():
        if isinstance(mount, Mapping) and mount["type"] != "tmpfs" and not mount.get("read_only"):
            raise pulumi.RunError(
                f"{args.name}: it would write to {mount['source']}, and a slice holds no data; mount it with "
                "read_only, and keep what it writes in the data layer"
            )
    if args.props.get("volumes"):
        raise pulumi.RunError(f"{args.name}: a slice has no `volumes` of its own; write `mounts` with read_only")
