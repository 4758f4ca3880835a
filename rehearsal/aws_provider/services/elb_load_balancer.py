"""aws:lb/loadBalancer:LoadBalancer, of type application"""

from typing import Any

from rehearsal.aws_provider import tagging
from rehearsal.aws_provider.cloud import Aws, found, unless
from rehearsal.aws_provider.schema import AwsType, tags
from rehearsal.aws_provider.services.elb_names import NAME, from_attributes, suffix, to_attributes
from rehearsal.provider.errors import RefusedError
from rehearsal.provider.rules import between, not_matching, one_of
from rehearsal.provider.schema import Change, bag, block, boolean, integer, strings, text
from rehearsal.provider.values import Props

GONE = "LoadBalancerNotFound"
SECONDS = 600.0
ATTRIBUTES: dict[str, tuple[str, Any]] = {
    "clientKeepAlive": ("client_keep_alive.seconds", 3600),
    "desyncMitigationMode": ("routing.http.desync_mitigation_mode", "defensive"),
    "dropInvalidHeaderFields": ("routing.http.drop_invalid_header_fields.enabled", False),
    "enableDeletionProtection": ("deletion_protection.enabled", False),
    "enableHttp2": ("routing.http2.enabled", True),
    "enableTlsVersionAndCipherSuiteHeaders": ("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", False),
    "enableWafFailOpen": ("waf.fail_open.enabled", False),
    "enableXffClientPort": ("routing.http.xff_client_port.enabled", False),
    "enableZonalShift": ("zonal_shift.config.enabled", False),
    "idleTimeout": ("idle_timeout.timeout_seconds", 60),
    "preserveHostHeader": ("routing.http.preserve_host_header.enabled", False),
    "xffHeaderProcessingMode": ("routing.http.xff_header_processing.mode", "append"),
}
LOGS: dict[str, tuple[str, Any]] = {
    "bucket": ("access_logs.s3.bucket", ""),
    "enabled": ("access_logs.s3.enabled", False),
    "prefix": ("access_logs.s3.prefix", ""),
}


def _create(aws: Aws, props: Props) -> str:
    made = aws.elbv2.create_load_balancer(
        Name=props["name"],
        Type="application",
        Scheme="internal" if props.get("internal") else "internet-facing",
        **({"Subnets": props["subnets"]} if "subnets" in props else {"SubnetMappings": _mappings(props)}),
        **({"SecurityGroups": props["securityGroups"]} if props.get("securityGroups") else {}),
        **({"IpAddressType": props["ipAddressType"]} if props.get("ipAddressType") else {}),
        **({"Tags": tagging.to_list(props["tagsAll"])} if props["tagsAll"] else {}),
    )
    return made["LoadBalancers"][0]["LoadBalancerArn"]


def _mappings(props: Props) -> list[dict[str, str]]:
    return [{"SubnetId": one["subnetId"]} for one in props.get("subnetMappings", [])]


def _complete(aws: Aws, arn: str, props: Props) -> None:
    _until_active(aws, arn)
    _set(aws, arn, props, [*ATTRIBUTES, "accessLogs"])


def _until_active(aws: Aws, arn: str) -> None:
    def missing() -> str | None:
        live = describe(aws, arn)
        state = live["State"] if live else {"Code": "gone"}
        if state["Code"] == "failed":
            raise RefusedError(f"load balancer {arn} failed: {state.get('Reason', 'no reason given')}")
        return None if state["Code"] in ("active", "active_impaired") else state["Code"]

    aws.until(f"load balancer {arn} active", missing, aws.limit(SECONDS))


def _set(aws: Aws, arn: str, props: Props, names: list[str]) -> None:
    wanted = to_attributes({name: props[name] for name in names if name in props}, ATTRIBUTES)
    if "accessLogs" in names:
        logs = props.get("accessLogs") or {"enabled": False}
        wanted += to_attributes(logs if logs["enabled"] else {"enabled": False}, LOGS)
    if wanted:
        aws.elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=wanted)


def describe(aws: Aws, arn: str) -> dict[str, Any] | None:
    """What ELB says about a load balancer; None when it is gone."""
    answer = found(lambda: aws.elbv2.describe_load_balancers(LoadBalancerArns=[arn]), GONE)
    return answer["LoadBalancers"][0] if answer and answer["LoadBalancers"] else None


def shown(aws: Aws, live: dict[str, Any]) -> Props:
    """A load balancer's properties; the lookup shows them too."""
    arn = live["LoadBalancerArn"]
    attributes = aws.elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    subnets = [zone["SubnetId"] for zone in live["AvailabilityZones"]]
    return {
        "arn": arn,
        "arnSuffix": suffix(arn),
        "dnsName": live["DNSName"],
        "internal": live.get("Scheme") == "internal",
        "ipAddressType": live.get("IpAddressType", "ipv4"),
        "loadBalancerType": live["Type"],
        "name": live["LoadBalancerName"],
        "securityGroups": live.get("SecurityGroups", []),
        "subnets": subnets,
        "subnetMappings": [{"subnetId": subnet} for subnet in subnets],
        "vpcId": live["VpcId"],
        "zoneId": live["CanonicalHostedZoneId"],
        **from_attributes(attributes, ATTRIBUTES),
        "accessLogs": from_attributes(attributes, LOGS),
        "tagsAll": tagging.elb_tags(aws, arn),
    }


def _read(aws: Aws, arn: str, given: Props) -> Props | None:
    live = describe(aws, arn)
    if live is None:
        return None
    props = shown(aws, live)
    logs = given.get("accessLogs")
    if not props["accessLogs"]["enabled"]:
        # Where logs are off, what the program says about the bucket is no difference.
        props["accessLogs"] = {**logs, "enabled": False} if logs else None
    return props


def _update(aws: Aws, change: Change) -> None:
    new, arn = change.new, change.id
    _set(aws, arn, new, [name for name in [*ATTRIBUTES, "accessLogs"] if change.touches(name)])
    if change.touches("securityGroups"):
        aws.elbv2.set_security_groups(LoadBalancerArn=arn, SecurityGroups=new["securityGroups"])
    if change.touches("subnets"):
        aws.elbv2.set_subnets(LoadBalancerArn=arn, Subnets=new["subnets"])
    if change.touches("subnetMappings"):
        aws.elbv2.set_subnets(LoadBalancerArn=arn, SubnetMappings=_mappings(new))
    if change.touches("ipAddressType"):
        aws.elbv2.set_ip_address_type(LoadBalancerArn=arn, IpAddressType=new["ipAddressType"])
    tagging.elb_retag(aws, change)


def _delete(aws: Aws, arn: str, _olds: Props) -> None:
    with unless(GONE):
        _refuse_if_protected(aws, arn)
        aws.elbv2.delete_load_balancer(LoadBalancerArn=arn)
    aws.until(f"load balancer {arn} deleted", lambda: "still there" if describe(aws, arn) else None, SECONDS)


def _refuse_if_protected(aws: Aws, arn: str) -> None:
    """As AWS does, where the local AWS lets a protected one go."""
    attributes = aws.elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    if from_attributes(attributes, ATTRIBUTES)["enableDeletionProtection"]:
        raise RefusedError(
            f"OperationNotPermitted: load balancer '{arn}' cannot be deleted because deletion protection is enabled"
        )


LOAD_BALANCER = AwsType(
    token="aws:lb/loadBalancer:LoadBalancer",
    inputs={
        "accessLogs": block(
            {"bucket": text(required=True), "enabled": boolean(default=False), "prefix": text(computed=True)}
        ),
        "clientKeepAlive": integer(between(60, 604800), default=3600),
        "desyncMitigationMode": text(one_of("monitor", "defensive", "strictest"), default="defensive"),
        "dropInvalidHeaderFields": boolean(default=False),
        "enableDeletionProtection": boolean(default=False),
        "enableHttp2": boolean(default=True),
        "enableTlsVersionAndCipherSuiteHeaders": boolean(default=False),
        "enableWafFailOpen": boolean(default=False),
        "enableXffClientPort": boolean(default=False),
        "enableZonalShift": boolean(default=False),
        "idleTimeout": integer(between(1, 4000), default=60),
        "internal": boolean(computed=True, replaces=True),
        "ipAddressType": text(one_of("ipv4", "dualstack", "dualstack-without-public-ipv4"), computed=True),
        "loadBalancerType": text(one_of("application"), default="application", replaces=True),
        "name": text(*NAME, not_matching("internal-", "begin with internal-"), replaces=True),
        "preserveHostHeader": boolean(default=False),
        "securityGroups": strings(computed=True),
        "subnets": strings(computed=True),
        "subnetMappings": bag(block({"subnetId": text(required=True)}), computed=True),
        "xffHeaderProcessingMode": text(one_of("append", "preserve", "remove"), default="append"),
        **tags(),
    },
    outputs=("arn", "arnSuffix", "dnsName", "vpcId", "zoneId"),
    autoname="name",
    one_of=(("subnets", "subnetMappings"),),
    create=_create,
    complete=_complete,
    read=_read,
    update=_update,
    delete=_delete,
)
