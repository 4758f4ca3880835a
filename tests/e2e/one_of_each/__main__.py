"""One resource of each type that the stand-in for pulumi-aws serves; ROUND says what changes."""

import json
import os

import pulumi
import pulumi_aws as aws

ROUND = int(os.environ.get("ROUND", "1"))
NEXT = ROUND > 1
WEIGHTS = {1: (999, 0), 2: (500, 500), 3: (1000, 0), 4: (500, 500)}[ROUND]  # the third is refused
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}

zones = aws.get_availability_zones(filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}])
account = aws.get_caller_identity()
image = aws.ec2.get_ami(owners=["amazon"], filters=[{"name": "image-id", "values": ["ami-12c6146b"]}])

vpc = aws.ec2.Vpc("net", cidr_block="10.0.0.0/16", enable_dns_hostnames=True, tags={"next": str(NEXT)})
subnets = [
    aws.ec2.Subnet(f"net-{zone}", vpc_id=vpc.id, cidr_block=f"10.0.{index}.0/24", availability_zone=zone)
    for index, zone in enumerate(zones.names[:2])
]
gateway = aws.ec2.InternetGateway("net", vpc_id=vpc.id)
table = aws.ec2.RouteTable("net", vpc_id=vpc.id)
aws.ec2.Route("out", route_table_id=table.id, destination_cidr_block="0.0.0.0/0", gateway_id=gateway.id)
aws.ec2.RouteTableAssociation("net", route_table_id=table.id, subnet_id=subnets[0].id)
address = aws.ec2.Eip("nat", domain="vpc", opts=pulumi.ResourceOptions(depends_on=[gateway]))
aws.ec2.NatGateway("nat", allocation_id=address.id, subnet_id=subnets[0].id)
group = aws.ec2.SecurityGroup("lb", vpc_id=vpc.id, description="Load balancer")
aws.vpc.SecurityGroupIngressRule(
    "web",
    security_group_id=group.id,
    cidr_ipv4="0.0.0.0/0",
    ip_protocol="tcp",
    from_port=8080 if NEXT else 80,
    to_port=8080 if NEXT else 80,
)
aws.vpc.SecurityGroupEgressRule("out", security_group_id=group.id, cidr_ipv4="0.0.0.0/0", ip_protocol="-1")

role = aws.iam.Role("machine", assume_role_policy=json.dumps(TRUST))
aws.iam.RolePolicy("machine", role=role.name, policy=json.dumps(READ))
aws.iam.RolePolicyAttachment("machine", role=role.name, policy_arn=os.environ["POLICY_ARN"])
profile = aws.iam.InstanceProfile("machine", role=role.name)

bucket = aws.s3.Bucket("Logs", force_destroy=True)
aws.s3.BucketVersioning("logs", bucket=bucket.bucket, versioning_configuration={"status": "Enabled"})
aws.s3.BucketServerSideEncryptionConfiguration(
    "logs",
    bucket=bucket.bucket,
    rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
)
block = aws.s3.BucketPublicAccessBlock("logs", bucket=bucket.bucket, block_public_acls=True, block_public_policy=True)
aws.s3.BucketPolicy(
    "logs",
    bucket=bucket.bucket,
    policy=bucket.arn.apply(lambda arn: json.dumps({**READ, "Id": arn})),
    opts=pulumi.ResourceOptions(depends_on=[block]),
)

places = aws.rds.SubnetGroup("data", subnet_ids=[subnet.id for subnet in subnets])
aws.rds.Instance(
    "data",
    engine="postgres",
    engine_version="18",
    instance_class="db.t4g.micro",
    allocated_storage=20,
    storage_type="gp3",
    storage_encrypted=True,
    db_name="app",
    username="app",
    manage_master_user_password=True,
    db_subnet_group_name=places.name,
    vpc_security_group_ids=[group.id],
    skip_final_snapshot=True,
)

balancer = aws.lb.LoadBalancer(
    "web", internal=True, subnets=[subnet.id for subnet in subnets], security_groups=[group.id], idle_timeout=30
)
listener = aws.lb.Listener(
    "web",
    load_balancer_arn=balancer.arn,
    port=80,
    default_actions=[
        {"type": "fixed-response", "fixed_response": {"content_type": "text/plain", "status_code": "503"}}
    ],
)
targets = [
    aws.lb.TargetGroup(
        f"app-{name}",
        port=8080,
        protocol="HTTP",
        vpc_id=vpc.id,
        health_check={"path": "/healthz", "interval": 5, "timeout": 2},
    )
    for name in ("v1", "v2")
]
isolation = aws.lb.ListenerRule(
    "app-v1",
    listener_arn=listener.arn,
    priority=100,
    conditions=[{"http_header": {"http_header_name": "X-Slice", "values": [pulumi.Output.secret("v1-b3a1")]}}],
    actions=[{"type": "forward", "forward": {"target_groups": [{"arn": targets[0].arn, "weight": 1}]}}],
)
template = aws.ec2.LaunchTemplate(
    "app-v1",
    image_id=image.id,
    instance_type="t3.small" if NEXT else "t3.micro",
    iam_instance_profile={"arn": profile.arn},
    metadata_options={"http_tokens": "required"},
    network_interfaces=[{"associate_public_ip_address": "false", "security_groups": [group.id]}],
)
aws.autoscaling.Group(
    "app-v1",
    min_size=1,
    max_size=2,
    desired_capacity=1,
    vpc_zone_identifiers=[subnet.id for subnet in subnets],
    launch_template={"id": template.id, "version": template.latest_version.apply(str)},
    target_group_arns=[targets[0].arn],
    health_check_type="ELB",
    wait_for_capacity_timeout="0",
    tags=[{"key": "Name", "value": "app-v1", "propagate_at_launch": True}],
    opts=pulumi.ResourceOptions(depends_on=[isolation]),
)
if ROUND == 4:  # more targets than it has instances: that is waited for, long
    aws.autoscaling.Group(
        "app-v2",
        min_size=1,
        max_size=1,
        vpc_zone_identifiers=[subnets[0].id],
        launch_template={"id": template.id, "version": "1"},
        target_group_arns=[targets[1].arn],
        suspended_processes=[],
        min_elb_capacity=2,
        wait_for_capacity_timeout="5m",
    )
traffic = aws.lb.ListenerRule(
    "traffic",
    listener_arn=listener.arn,
    priority=50000,
    conditions=[{"path_pattern": {"values": ["/*"]}}],
    actions=[
        {
            "type": "forward",
            "forward": {
                "target_groups": [
                    {"arn": one.arn, "weight": weight} for one, weight in zip(targets, WEIGHTS, strict=True)
                ]
            },
        }
    ],
    tags={"service": "app"},
    opts=pulumi.ResourceOptions(ignore_changes=["tags"]),
)

found = aws.lb.get_load_balancer_output(arn=balancer.arn)
pulumi.export("account", account.account_id)
pulumi.export("dns", found.dns_name)
pulumi.export("port", aws.lb.get_listener_output(arn=listener.arn).port)
pulumi.export("cidr", aws.ec2.get_vpc_output(id=vpc.id).cidr_block)
pulumi.export(
    "subnets",
    pulumi.Output.all(vpc.id, *[subnet.id for subnet in subnets]).apply(
        lambda ids: sorted(aws.ec2.get_subnets(filters=[{"name": "vpc-id", "values": [ids[0]]}]).ids)
    ),
)
pulumi.export("rule", traffic.arn)
pulumi.export("fleet_template", template.latest_version)
