"""Every resource type the stand-in serves, by its token; a file a family."""

from rehearsal.aws_provider.services import (
    autoscaling_group,
    ec2_gateways,
    ec2_launch_template,
    ec2_routes,
    ec2_security_group,
    ec2_security_rules,
    ec2_subnet,
    ec2_vpc,
    elb_listener,
    elb_listener_rule,
    elb_load_balancer,
    elb_target_group,
    iam_instance_profile,
    iam_role,
    s3_bucket,
    s3_parts,
)

TYPES = {
    one.token: one
    for one in (
        ec2_vpc.VPC,
        ec2_subnet.SUBNET,
        ec2_gateways.INTERNET_GATEWAY,
        ec2_gateways.EIP,
        ec2_gateways.NAT_GATEWAY,
        ec2_routes.ROUTE_TABLE,
        ec2_routes.ROUTE,
        ec2_routes.ROUTE_TABLE_ASSOCIATION,
        ec2_security_group.SECURITY_GROUP,
        ec2_security_rules.INGRESS_RULE,
        ec2_security_rules.EGRESS_RULE,
        ec2_launch_template.LAUNCH_TEMPLATE,
        elb_load_balancer.LOAD_BALANCER,
        elb_target_group.TARGET_GROUP,
        elb_listener.LISTENER,
        elb_listener_rule.LISTENER_RULE,
        autoscaling_group.GROUP,
        iam_role.ROLE,
        iam_role.ROLE_POLICY,
        iam_role.ROLE_POLICY_ATTACHMENT,
        iam_instance_profile.INSTANCE_PROFILE,
        s3_bucket.BUCKET,
        s3_parts.BUCKET_VERSIONING,
        s3_parts.BUCKET_ENCRYPTION,
        s3_parts.BUCKET_PUBLIC_ACCESS_BLOCK,
        s3_parts.BUCKET_POLICY,
    )
}
