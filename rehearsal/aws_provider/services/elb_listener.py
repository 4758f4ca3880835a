"""aws:lb/listener:Listener of an application load balancer"""

from typing import Any

from rehearsal.aws_provider import tagging
from rehearsal.aws_provider.cloud import Aws, found
from rehearsal.aws_provider.schema import AwsType, tags
from rehearsal.aws_provider.services import elb_actions
from rehearsal.provider.rules import between, one_of
from rehearsal.provider.schema import Change, Failure, integer, text
from rehearsal.provider.values import Props

GONE = ("ListenerNotFound", "LoadBalancerNotFound")


def _settings(props: Props) -> dict[str, Any]:
    """The arguments of create and modify."""
    names = {"port": "Port", "sslPolicy": "SslPolicy"}
    certificate = props.get("certificateArn")
    return {
        "Protocol": props.get("protocol") or ("HTTPS" if certificate else "HTTP"),
        **{theirs: props[ours] for ours, theirs in names.items() if props.get(ours)},
        **({"Certificates": [{"CertificateArn": certificate}]} if certificate else {}),
        "DefaultActions": elb_actions.to_api(props["defaultActions"]),
    }


def _create(aws: Aws, props: Props) -> str:
    made = aws.elbv2.create_listener(
        LoadBalancerArn=props["loadBalancerArn"],
        **_settings(props),
        **({"Tags": tagging.to_list(props["tagsAll"])} if props["tagsAll"] else {}),
    )
    return made["Listeners"][0]["ListenerArn"]


def describe(aws: Aws, arn: str) -> dict[str, Any] | None:
    """What ELB says about a listener; None when it is gone."""
    answer = found(lambda: aws.elbv2.describe_listeners(ListenerArns=[arn]), *GONE)
    return answer["Listeners"][0] if answer and answer["Listeners"] else None


def shown(aws: Aws, live: dict[str, Any], given: Props) -> Props:
    """A listener's properties; the lookup shows them too."""
    secure = live["Protocol"] == "HTTPS"
    certificates = live.get("Certificates") or [{}]
    return {
        "arn": live["ListenerArn"],
        "certificateArn": certificates[0].get("CertificateArn"),
        "defaultActions": elb_actions.from_api(live["DefaultActions"], given.get("defaultActions")),
        "loadBalancerArn": live["LoadBalancerArn"],
        "port": live["Port"],
        "protocol": live["Protocol"],
        "sslPolicy": live.get("SslPolicy", "") if secure else "",
        "tagsAll": tagging.elb_tags(aws, live["ListenerArn"]),
    }


def _read(aws: Aws, arn: str, given: Props) -> Props | None:
    live = describe(aws, arn)
    return shown(aws, live, given) if live else None


def _update(aws: Aws, change: Change) -> None:
    if change.keys - {"tags", "tagsAll"}:
        aws.elbv2.modify_listener(ListenerArn=change.id, **_settings(change.new))
    tagging.elb_retag(aws, change)


def _delete(aws: Aws, arn: str, _olds: Props) -> None:
    aws.elbv2.delete_listener(ListenerArn=arn)  # a listener that is gone already is an error, as with the real provider


def _plan(props: Props) -> list[Failure]:
    failures = elb_actions.plan("defaultActions", props["defaultActions"])
    if props.get("protocol") == "HTTPS" and "certificateArn" not in props:
        failures.append(Failure("certificateArn", "must be given with protocol HTTPS"))
    return failures


LISTENER = AwsType(
    token="aws:lb/listener:Listener",
    inputs={
        "certificateArn": text(),
        "defaultActions": elb_actions.ACTIONS,
        "loadBalancerArn": text(required=True, replaces=True),
        "port": integer(between(1, 65535), required=True),
        "protocol": text(one_of("HTTP", "HTTPS"), computed=True),
        "sslPolicy": text(computed=True),
        **tags(),
    },
    outputs=("arn",),
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
    plan=_plan,
)
