"""One release's slice on AWS: target group, isolation rule, launch template, Auto Scaling group.

In: the release, the listener, the machines' shared parts. Out: the target group and the fleet.

The isolation rule comes before the fleet, because a target group is health-checked only while a rule names it. Nothing
here is ever changed: another spec is another version.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from pulumi import CustomTimeouts, Input, Output, ResourceHook, ResourceHookBinding, ResourceOptions

from components.aws.isolation import Isolation
from components.aws.user_data import render
from components.release import Release

CHECK_SECONDS = 5  # the shortest that AWS knows
# After creation the sizes belong to whoever scales the fleet: a policy, a person, the rollout. To put a maximum back
# that was raised would make AWS scale in to it, in the middle of a busy day; to put a minimum back that was lowered
# would wake each standby that was put to sleep. A walk protects instances from scale-in, new ones too; what a dead one
# left, the next one lifts.
SCALED = ["minSize", "maxSize", "desiredCapacity", "protectFromScaleIn"]
# What a fleet is built from never reaches one that stands, be it a newer program's rendering of the template: moved to
# a target group made anew, a fleet would leave the live one empty before the traffic record could refuse that.
BUILT_FROM = ["launchTemplate", "targetGroupArns", "vpcZoneIdentifiers"]


@dataclass(frozen=True, kw_only=True)
class SliceArgs:
    """`drain`: seconds a leaving instance may finish requests; `database`: what it is told of one, if there is one;
    `let_go`: the hook that guards the deletion of the fleet.
    """

    release: Release
    service: str
    isolation: Isolation
    drain: int
    vpc: Input[str]
    subnets: Sequence[Input[str]]
    profile: Input[str]
    group: Input[str]
    bucket: Input[str]
    database: Input[dict[str, str]]
    let_go: ResourceHook


class Slice(pulumi.ComponentResource):
    """Outputs: `group` (the target group's ARN), `fleet` (the Auto Scaling group)."""

    group: Output[str]
    fleet: aws.autoscaling.Group

    def __init__(self, name: str, args: SliceArgs, opts: ResourceOptions) -> None:
        super().__init__("sluice:aws:Slice", name, None, opts)
        self._name = name
        self._args = args
        targets = self._targets()
        self.group = targets.arn
        isolation = args.isolation.rule(name, targets.arn, self._tags(), ResourceOptions(parent=self))
        self.fleet = self._fleet(self._template(), targets, isolation)
        self.register_outputs({"group": self.group, "fleet": self.fleet.name})

    def _targets(self) -> aws.lb.TargetGroup:
        release = self._args.release
        return aws.lb.TargetGroup(
            self._name,
            port=release.port,
            protocol="HTTP",
            vpc_id=self._args.vpc,
            deregistration_delay=self._args.drain,
            health_check={
                "path": release.health,
                "protocol": "HTTP",
                "port": "traffic-port",
                "interval": CHECK_SECONDS,
                "timeout": 2,
                "healthy_threshold": 2,
                "unhealthy_threshold": 2,
                "matcher": "200-299",
            },
            tags=self._tags(),
            opts=ResourceOptions(parent=self),
        )

    def _template(self) -> aws.ec2.LaunchTemplate:
        release = self._args.release
        disk = aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
            encrypted="true", delete_on_termination="true", volume_type="gp3"
        )
        text = Output.all(self._args.bucket, self._args.database).apply(lambda known: render(release, *known))
        return aws.ec2.LaunchTemplate(
            self._name,
            image_id=release.ami,
            instance_type=release.instance,
            iam_instance_profile={"arn": self._args.profile},
            user_data=text.apply(lambda text: base64.b64encode(text.encode()).decode()),
            metadata_options={"http_endpoint": "enabled", "http_tokens": "required", "http_put_response_hop_limit": 1},
            block_device_mappings=[aws.ec2.LaunchTemplateBlockDeviceMappingArgs(device_name=release.root, ebs=disk)],
            network_interfaces=[
                {"device_index": 0, "associate_public_ip_address": "false", "security_groups": [self._args.group]}
            ],
            tag_specifications=[{"resource_type": "volume", "tags": self._tags()}],
            tags=self._tags(),
            opts=ResourceOptions(parent=self),
        )

    def _fleet(
        self, template: aws.ec2.LaunchTemplate, targets: aws.lb.TargetGroup, isolation: aws.lb.ListenerRule
    ) -> aws.autoscaling.Group:
        size = self._args.release.size
        return aws.autoscaling.Group(
            self._name,
            min_size=size,
            max_size=2 * size,
            desired_capacity=size,
            launch_template={"id": template.id, "version": template.latest_version.apply(str)},
            vpc_zone_identifiers=self._args.subnets,
            target_group_arns=[targets.arn],
            health_check_type="ELB",
            health_check_grace_period=self._args.release.boot,
            wait_for_capacity_timeout="0",  # that wait can pass early: the rollout counts healthy targets itself
            tags=[{"key": key, "value": value, "propagate_at_launch": True} for key, value in self._tags().items()],
            opts=ResourceOptions(
                parent=self,
                depends_on=[isolation],
                hooks=ResourceHookBinding(before_delete=[self._args.let_go]),
                ignore_changes=[*SCALED, *BUILT_FROM],
                custom_timeouts=CustomTimeouts(delete=f"{self._args.drain + 600}s"),
            ),
        )

    def _tags(self) -> dict[str, str]:
        return {
            "Name": f"{self._args.service}-{self._args.release.version}",
            "sluice:service": self._args.service,
            "sluice:version": self._args.release.version,
        }
