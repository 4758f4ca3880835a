"""aws:ec2/launchTemplate:LaunchTemplate

Nothing but its name replaces it: a change makes a new version, and `latestVersion` unknown in the preview.
"""

from rehearsal.aws_provider import tagging
from rehearsal.aws_provider.cloud import Aws, found, unless
from rehearsal.aws_provider.schema import AwsType, tags
from rehearsal.aws_provider.services.ec2_launch_data import DATA, from_api, to_api
from rehearsal.provider.rules import length, matches
from rehearsal.provider.schema import Change, Failure, boolean, integer, text
from rehearsal.provider.values import Props

GONE = (
    *("InvalidLaunchTemplateId.NotFound", "InvalidLaunchTemplateId.NotFoundException"),
    "InvalidLaunchTemplateName.NotFoundException",
)
SETTLED = {"name", "description", "defaultVersion", "updateDefaultVersion"}  # leave `latestVersion` known in a preview
TAGS = {"tags", "tagsAll"}


def _create(aws: Aws, props: Props) -> str:
    made = aws.ec2.create_launch_template(
        LaunchTemplateName=props["name"],
        LaunchTemplateData=to_api(props),
        **_described(props),
        **tagging.ec2_specification("launch-template", props),
    )
    return made["LaunchTemplate"]["LaunchTemplateId"]


def _described(props: Props) -> dict[str, str]:
    return {"VersionDescription": props["description"]} if props.get("description") else {}


def _read(aws: Aws, template: str, _given: Props) -> Props | None:
    answer = found(lambda: aws.ec2.describe_launch_templates(LaunchTemplateIds=[template]), *GONE)
    if not answer or not answer["LaunchTemplates"]:
        return None
    live = answer["LaunchTemplates"][0]
    latest = live["LatestVersionNumber"]
    versions = aws.ec2.describe_launch_template_versions(LaunchTemplateId=template, Versions=[str(latest)])
    version = versions["LaunchTemplateVersions"][0]
    return {
        "arn": f"arn:aws:ec2:{aws.region}:{_account(live['CreatedBy'])}:launch-template/{template}",
        "defaultVersion": live["DefaultVersionNumber"],
        "description": version.get("VersionDescription"),
        "latestVersion": latest,
        "name": live["LaunchTemplateName"],
        **from_api(version["LaunchTemplateData"]),
        "tagsAll": tagging.ec2_tags(aws, template),  # the local AWS describes a template with its first tags for ever
    }


def _account(arn: str) -> str:
    return arn.split(":")[4]


def _update(aws: Aws, change: Change) -> None:
    default = change.new.get("defaultVersion")
    if change.keys - SETTLED - TAGS or change.touches("description"):
        made = aws.ec2.create_launch_template_version(
            LaunchTemplateId=change.id, LaunchTemplateData=to_api(change.new), **_described(change.new)
        )
        if change.new.get("updateDefaultVersion"):
            default = made["LaunchTemplateVersion"]["VersionNumber"]
    if default and default != change.old.get("defaultVersion"):
        aws.ec2.modify_launch_template(LaunchTemplateId=change.id, DefaultVersion=str(default))
    tagging.ec2_retag(aws, change.id, change)


def _delete(aws: Aws, template: str, _olds: Props) -> None:
    with unless(*GONE):
        aws.ec2.delete_launch_template(LaunchTemplateId=template)


def _unsettles(change: Change) -> set[str]:
    if not change.keys - SETTLED:
        return set()
    return {"latestVersion", *(["defaultVersion"] if change.new.get("updateDefaultVersion") else [])}


def _plan(props: Props) -> list[Failure]:
    profile = props.get("iamInstanceProfile")
    if isinstance(profile, dict) and {"arn", "name"} <= set(profile):
        return [Failure("iamInstanceProfile.name", "conflicts with iamInstanceProfile.arn")]
    if "vpcSecurityGroupIds" in props and props.get("networkInterfaces"):
        return [
            Failure("vpcSecurityGroupIds", "cannot be used beside networkInterfaces: put the groups in the interface")
        ]
    return []


LAUNCH_TEMPLATE = AwsType(
    token="aws:ec2/launchTemplate:LaunchTemplate",
    inputs={
        "name": text(
            length(3, 125), matches(r"[0-9A-Za-z().\-/_]+", "have only letters, digits and ().-/_"), replaces=True
        ),
        "description": text(length(0, 255)),
        "defaultVersion": integer(computed=True),
        "updateDefaultVersion": boolean(local=True),
        **DATA,
        **tags(),
    },
    outputs=("arn", "latestVersion"),
    autoname="name",
    at_most_one=(("defaultVersion", "updateDefaultVersion"), ("securityGroupNames", "vpcSecurityGroupIds")),
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
    plan=_plan,
    unsettles=_unsettles,
)
