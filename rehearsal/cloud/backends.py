"""moto's backends, in this process: the state behind the local AWS API."""

from dataclasses import dataclass

from moto.autoscaling.models import AutoScalingBackend, autoscaling_backends
from moto.cloudwatch.models import CloudWatchBackend, cloudwatch_backends
from moto.ec2.models import EC2Backend, ec2_backends
from moto.elbv2.models import ELBv2Backend, elbv2_backends
from moto.rds.models import RDSBackend, rds_backends

from rehearsal.cloud.attached import outlives_its_groups
from rehearsal.cloud.databases import local
from rehearsal.cloud.disks import sized_by_the_image

ACCOUNT = "123456789012"  # moto's
REGION = "us-east-1"

# moto can call out (a subscription, a webhook). A proxy that nobody answers at keeps all of that on this machine.
NOBODY = "http://127.0.0.1:9"
SETTINGS = {
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",  # the only machine images are those that can be booted here
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",  # AmazonSSMManagedInstanceCore and others can be attached
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"), NOBODY),
    **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"),
}


@dataclass(frozen=True)
class Backends:
    """Those of the one account and region that the rehearsal cloud has."""

    ec2: EC2Backend
    elbv2: ELBv2Backend
    autoscaling: AutoScalingBackend
    cloudwatch: CloudWatchBackend
    rds: RDSBackend


def backends() -> Backends:
    """The backends, made on first use, when `SETTINGS` have to be in the environment already."""
    ec2 = ec2_backends[ACCOUNT][REGION]
    sized_by_the_image(ec2)
    autoscaling = autoscaling_backends[ACCOUNT][REGION]
    outlives_its_groups(autoscaling)
    rds = rds_backends[ACCOUNT][REGION]
    local(rds)
    return Backends(
        ec2,
        elbv2_backends[ACCOUNT][REGION],
        autoscaling,
        cloudwatch_backends[ACCOUNT][REGION],
        rds,
    )
