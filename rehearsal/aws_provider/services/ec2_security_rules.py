"""aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule and the same with Egress"""

from typing import Any

from rehearsal.aws_provider import tagging
from rehearsal.aws_provider.cloud import Aws, found, unless
from rehearsal.aws_provider.schema import AwsType, tags
from rehearsal.provider.rules import between, length, network
from rehearsal.provider.schema import Change, Failure, integer, text
from rehearsal.provider.values import Props

GONE = (
    *("InvalidSecurityGroupRuleId.NotFound", "InvalidSecurityGroupRuleID.NotFound"),
    *("InvalidGroup.NotFound", "InvalidPermission.NotFound"),
)
SOURCES = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")
ALL = "-1"


def _permission(props: Props) -> dict[str, Any]:
    """The rule as the authorize calls take it."""
    said = {"Description": props["description"]} if props.get("description") else {}
    permission: dict[str, Any] = {"IpProtocol": props["ipProtocol"]}
    if props["ipProtocol"] != ALL:
        permission |= {"FromPort": props.get("fromPort"), "ToPort": props.get("toPort")}
    if "cidrIpv4" in props:
        permission["IpRanges"] = [{"CidrIp": props["cidrIpv4"], **said}]
    elif "cidrIpv6" in props:
        permission["Ipv6Ranges"] = [{"CidrIpv6": props["cidrIpv6"], **said}]
    elif "prefixListId" in props:
        permission["PrefixListIds"] = [{"PrefixListId": props["prefixListId"], **said}]
    else:
        permission["UserIdGroupPairs"] = [{"GroupId": props["referencedSecurityGroupId"], **said}]
    return permission


def _create_ingress(aws: Aws, props: Props) -> str:
    return _created(aws, aws.ec2.authorize_security_group_ingress, props)


def _create_egress(aws: Aws, props: Props) -> str:
    return _created(aws, aws.ec2.authorize_security_group_egress, props)


def _created(aws: Aws, authorize: Any, props: Props) -> str:
    made = authorize(
        GroupId=props["securityGroupId"],
        IpPermissions=[_permission(props)],
        **tagging.ec2_specification("security-group-rule", props),
    )
    rule = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    if "referencedSecurityGroupId" in props and "description" in props:
        _modify(aws, rule, props)  # moto forgets the description of a rule whose source is a group
    return rule


def _read(aws: Aws, rule: str, _given: Props) -> Props | None:
    answer = found(lambda: aws.ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule]), *GONE)
    if not answer or not answer["SecurityGroupRules"]:
        return None
    live = answer["SecurityGroupRules"][0]
    ports = {} if live["IpProtocol"] == ALL else {"fromPort": live.get("FromPort"), "toPort": live.get("ToPort")}
    return {
        "arn": f"arn:aws:ec2:{aws.region}:{live.get('GroupOwnerId', '123456789012')}:security-group-rule/{rule}",
        "cidrIpv4": live.get("CidrIpv4"),
        "cidrIpv6": live.get("CidrIpv6"),
        "description": live.get("Description"),
        "ipProtocol": live["IpProtocol"],
        "prefixListId": live.get("PrefixListId"),
        "referencedSecurityGroupId": live.get("ReferencedGroupInfo", {}).get("GroupId"),
        "securityGroupId": live["GroupId"],
        "securityGroupRuleId": rule,
        **ports,
        "tagsAll": tagging.to_map(live.get("Tags")),
    }


def _modify(aws: Aws, rule: str, props: Props) -> None:
    names = {
        "cidrIpv4": "CidrIpv4",
        "cidrIpv6": "CidrIpv6",
        "prefixListId": "PrefixListId",
        "referencedSecurityGroupId": "ReferencedGroupId",
        "description": "Description",
        "ipProtocol": "IpProtocol",
        "fromPort": "FromPort",
        "toPort": "ToPort",
    }
    wanted = {theirs: props[ours] for ours, theirs in names.items() if ours in props}
    aws.ec2.modify_security_group_rules(
        GroupId=props["securityGroupId"],
        SecurityGroupRules=[{"SecurityGroupRuleId": rule, "SecurityGroupRule": wanted}],
    )


def _update(aws: Aws, change: Change) -> None:
    if change.keys - {"tags", "tagsAll"}:
        _modify(aws, change.id, change.new)
    tagging.ec2_retag(aws, change.id, change)


def _delete_ingress(aws: Aws, rule: str, olds: Props) -> None:
    with unless(*GONE):
        aws.ec2.revoke_security_group_ingress(GroupId=olds["securityGroupId"], SecurityGroupRuleIds=[rule])


def _delete_egress(aws: Aws, rule: str, olds: Props) -> None:
    with unless(*GONE):
        aws.ec2.revoke_security_group_egress(GroupId=olds["securityGroupId"], SecurityGroupRuleIds=[rule])


def _plan(props: Props) -> list[Failure]:
    ports = [name for name in ("fromPort", "toPort") if name in props]
    if props["ipProtocol"] == ALL and ports:
        return [Failure(ports[0], 'must be left out with ipProtocol "-1": it covers every port')]
    if props["ipProtocol"] in ("tcp", "udp") and len(ports) < 2:
        return [Failure("fromPort", f"fromPort and toPort must both be given with {props['ipProtocol']}")]
    return []


INPUTS = {
    "securityGroupId": text(required=True, replaces=True),
    "ipProtocol": text(required=True),
    "fromPort": integer(between(-1, 65535)),
    "toPort": integer(between(-1, 65535)),
    "cidrIpv4": text(network(4)),
    "cidrIpv6": text(network(6)),
    "prefixListId": text(),
    "referencedSecurityGroupId": text(),
    "description": text(length(0, 255)),
    **tags(),
}


def _rule_type(direction: str, create: Any, delete: Any) -> AwsType:
    return AwsType(
        token=f"aws:vpc/securityGroup{direction}Rule:SecurityGroup{direction}Rule",
        inputs=INPUTS,
        outputs=("arn", "securityGroupRuleId"),
        one_of=(SOURCES,),
        create=create,
        read=_read,
        update=_update,
        delete=delete,
        plan=_plan,
    )


INGRESS_RULE = _rule_type("Ingress", _create_ingress, _delete_ingress)
EGRESS_RULE = _rule_type("Egress", _create_egress, _delete_egress)
