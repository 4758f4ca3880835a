"""One resource of each type, with what it needs, made through the provider."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import boto3

SERVICES = ("ec2", "elbv2", "autoscaling", "iam", "rds", "s3", "sts")
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": ["ec2.amazonaws.com"]}, "Action": "sts:AssumeRole"}],
}
READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "*"}]}
IMAGE = "ami-12c6146b"  # one of moto's
FIXED = [{"type": "fixed-response", "fixedResponse": {"contentType": "text/plain", "statusCode": "503"}}]


class World:
    """Makes each resource once, when it is first asked for."""

    def __init__(self, engine: Any, cloud: str) -> None:
        self.engine, self.cloud = engine, cloud
        self._made: dict[str, Any] = {}

    def __call__(self, name: str) -> Any:
        if name not in self._made:
            token, inputs = RECIPES[name]
            self._made[name] = self.engine.made(token, **inputs(self))
        return self._made[name]

    def client(self, service: str) -> Any:
        """boto3, for what another hand does."""
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
        return boto3.client(service, endpoint_url=self.cloud, **keys)

    def policy(self) -> str:
        """The ARN of a managed policy, which is no type that the stand-in serves."""
        iam = self.client("iam")
        return iam.create_policy(PolicyName=f"read-{uuid4().hex[:8]}", PolicyDocument=json.dumps(READ))["Policy"]["Arn"]

    def destroy(self) -> None:
        """Delete all that was made, last first."""
        while self._made:
            _, one = self._made.popitem()
            one.delete()

    def __contains__(self, name: str) -> bool:
        return name in self._made

    def all(self) -> list[Any]:
        """What was made, first first."""
        return [*self._made.values()]

    def put(self, name: str, changed: Any) -> Any:
        """Keep *changed* as what the name stands for now."""
        self._made[name] = changed
        return changed

    def drop(self, name: str) -> None:
        """Delete one, on which no other depends; the next test makes it anew."""
        self._made.pop(name).delete()


def forward(*groups: tuple[str, int]) -> list[dict[str, Any]]:
    """An action that splits traffic among target groups by weight."""
    return [
        {"type": "forward", "forward": {"targetGroups": [{"arn": arn, "weight": weight} for arn, weight in groups]}}
    ]


def _bucket(w: World) -> dict[str, Any]:
    return {"bucket": w("bucket").id}


Recipe = tuple[str, Callable[[World], dict[str, Any]]]
RECIPES: dict[str, Recipe] = {
    "vpc": (
        "aws:ec2/vpc:Vpc",
        lambda _: {"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": True, "tags": {"Name": "a"}},
    ),
    "subnet a": (
        "aws:ec2/subnet:Subnet",
        lambda w: {"vpcId": w("vpc").id, "cidrBlock": "10.0.1.0/24", "availabilityZone": "us-east-1a"},
    ),
    "subnet b": (
        "aws:ec2/subnet:Subnet",
        lambda w: {
            "vpcId": w("vpc").id,
            "cidrBlock": "10.0.2.0/24",
            "availabilityZone": "us-east-1b",
            "mapPublicIpOnLaunch": True,
            "tags": {"Name": "b"},
        },
    ),
    "internet gateway": (
        "aws:ec2/internetGateway:InternetGateway",
        lambda w: {"vpcId": w("vpc").id, "tags": {"a": "b"}},
    ),
    "route table": ("aws:ec2/routeTable:RouteTable", lambda w: {"vpcId": w("vpc").id, "tags": {"a": "b"}}),
    "route": (
        "aws:ec2/route:Route",
        lambda w: {
            "routeTableId": w("route table").id,
            "destinationCidrBlock": "0.0.0.0/0",
            "gatewayId": w("internet gateway").id,
        },
    ),
    "association": (
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        lambda w: {"routeTableId": w("route table").id, "subnetId": w("subnet a").id},
    ),
    "eip": ("aws:ec2/eip:Eip", lambda _: {"domain": "vpc", "tags": {"a": "b"}}),
    "nat gateway": (
        "aws:ec2/natGateway:NatGateway",
        lambda w: {"subnetId": w("subnet a").id, "allocationId": w("eip").id, "tags": {"a": "b"}},
    ),
    "security group": (
        "aws:ec2/securityGroup:SecurityGroup",
        lambda w: {"vpcId": w("vpc").id, "description": "of the load balancer", "tags": {"a": "b"}},
    ),
    "ingress rule": (
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        lambda w: {
            "securityGroupId": w("security group").id,
            "ipProtocol": "tcp",
            "fromPort": 80,
            "toPort": 80,
            "cidrIpv4": "0.0.0.0/0",
            "description": "anyone",
            "tags": {"a": "b"},
        },
    ),
    "egress rule": (
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        lambda w: {"securityGroupId": w("security group").id, "ipProtocol": "-1", "cidrIpv4": "0.0.0.0/0"},
    ),
    "launch template": (
        "aws:ec2/launchTemplate:LaunchTemplate",
        lambda w: {
            "imageId": IMAGE,
            "instanceType": "t3.micro",
            "userData": "I2Nsb3VkLWNvbmZpZwo=",
            "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
            "monitoring": {"enabled": True},
            "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"encrypted": "true", "volumeSize": 8}}],
            "networkInterfaces": [{"associatePublicIpAddress": "false", "securityGroups": [w("security group").id]}],
            "tagSpecifications": [{"resourceType": "instance", "tags": {"Name": "shop"}}],
            "iamInstanceProfile": {"arn": w("instance profile").state["arn"]},
            "tags": {"a": "b"},
        },
    ),
    "load balancer": (
        "aws:lb/loadBalancer:LoadBalancer",
        lambda w: {
            "internal": True,
            "subnets": [w("subnet b").id, w("subnet a").id],
            "securityGroups": [w("security group").id],
            "dropInvalidHeaderFields": True,
            "idleTimeout": 30,
            "tags": {"a": "b"},
        },
    ),
    "target group": (
        "aws:lb/targetGroup:TargetGroup",
        lambda w: {
            "port": 8080,
            "protocol": "HTTP",
            "vpcId": w("vpc").id,
            "deregistrationDelay": 10,
            "healthCheck": {"path": "/healthz", "interval": 5, "timeout": 2, "healthyThreshold": 2},
            "tags": {"a": "b"},
        },
    ),
    "second target group": (
        "aws:lb/targetGroup:TargetGroup",
        lambda w: {"port": 8080, "protocol": "HTTP", "vpcId": w("vpc").id},
    ),
    "listener": (
        "aws:lb/listener:Listener",
        lambda w: {"loadBalancerArn": w("load balancer").id, "port": 80, "defaultActions": FIXED, "tags": {"a": "b"}},
    ),
    "listener rule": (
        "aws:lb/listenerRule:ListenerRule",
        lambda w: {
            "listenerArn": w("listener").id,
            "priority": 40000,
            "conditions": [{"pathPattern": {"values": ["/*"]}}],
            "actions": forward((w("target group").id, 900), (w("second target group").id, 100)),
            "tags": {"a": "b"},
        },
    ),
    "group": (
        "aws:autoscaling/group:Group",
        lambda w: {
            "minSize": 1,
            "maxSize": 3,
            "desiredCapacity": 2,
            "vpcZoneIdentifiers": [w("subnet b").id, w("subnet a").id],
            "launchTemplate": {"id": w("launch template").id, "version": "1"},
            "targetGroupArns": [w("target group").id],
            "healthCheckType": "ELB",
            "tags": [{"key": "Name", "value": "shop", "propagateAtLaunch": True}],
        },
    ),
    "role": (
        "aws:iam/role:Role",
        lambda _: {"assumeRolePolicy": json.dumps(TRUST), "description": "of a slice", "tags": {"a": "b"}},
    ),
    "role policy": ("aws:iam/rolePolicy:RolePolicy", lambda w: {"role": w("role").id, "policy": json.dumps(READ)}),
    "attachment": (
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        lambda w: {"role": w("role").id, "policyArn": w.policy()},
    ),
    "instance profile": (
        "aws:iam/instanceProfile:InstanceProfile",
        lambda w: {"role": w("role").id, "tags": {"a": "b"}},
    ),
    "subnet group": (
        "aws:rds/subnetGroup:SubnetGroup",
        lambda w: {"subnetIds": [w("subnet b").id, w("subnet a").id], "name": "shop", "tags": {"a": "b"}},
    ),
    "database": (
        "aws:rds/instance:Instance",
        lambda w: {
            "identifier": "shop-1",
            "engine": "postgres",
            "engineVersion": "17",
            "instanceClass": "db.t4g.micro",
            "allocatedStorage": 20,
            "storageType": "gp3",
            "storageEncrypted": True,
            "dbName": "app",
            "username": "app",
            "manageMasterUserPassword": True,
            "dbSubnetGroupName": w("subnet group").id,
            "vpcSecurityGroupIds": [w("security group").id],
            "backupRetentionPeriod": 7,
            "copyTagsToSnapshot": True,
            "applyImmediately": True,
            "skipFinalSnapshot": True,
            "tags": {"a": "b"},
        },
    ),
    "bucket": (
        "aws:s3/bucket:Bucket",
        lambda _: {"bucket": f"logs-{uuid4().hex[:8]}", "forceDestroy": True, "tags": {"a": "b"}},
    ),
    "versioning": (
        "aws:s3/bucketVersioning:BucketVersioning",
        lambda w: {**_bucket(w), "versioningConfiguration": {"status": "Enabled"}},
    ),
    "encryption": (
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        lambda w: {**_bucket(w), "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]},
    ),
    "access block": (
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        lambda w: {
            **_bucket(w),
            "blockPublicAcls": True,
            "blockPublicPolicy": True,
            "ignorePublicAcls": True,
            "restrictPublicBuckets": True,
        },
    ),
    "bucket policy": (
        "aws:s3/bucketPolicy:BucketPolicy",
        lambda w: {**_bucket(w), "policy": json.dumps({**READ, "Id": "logs"})},
    ),
}
