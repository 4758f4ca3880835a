"""What the machines of every slice share: what they may do, and who reaches them."""

import json

from tests.configs import SECRET
from tests.recording import DATABASE_SECRET


def statements(cloud):
    return json.loads(cloud.one("RolePolicy").inputs["policy"])["Statement"]


def test_machines_may_use_their_bucket_and_nothing_else(dev):
    bucket = dev.outputs[dev.one("Data").urn]["arn"]
    assert [(one["Action"], one["Resource"]) for one in statements(dev)] == [
        (["s3:ListBucket"], [bucket]),
        (["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], [f"{bucket}/*"]),
    ]
    assert not dev.all("RolePolicyAttachment")


def test_machines_may_read_the_secrets_that_releases_and_the_database_name_and_pull_what_they_run(two):
    assert [one for one in statements(two) if "s3:" not in one["Action"][0]] == [
        {
            "Effect": "Allow",
            "Action": ["secretsmanager:GetSecretValue"],
            "Resource": [SECRET, DATABASE_SECRET],
        }
    ]
    pull = two.one("RolePolicyAttachment").inputs["policyArn"]
    assert pull == "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"


def test_machines_are_reached_by_the_load_balancer_alone(two):
    ways_in = two.all("SecurityGroupIngressRule", "shop-machine-in-0")
    guard = two.one("SecurityGroup", "shop-balancer").urn
    assert [(one.inputs["fromPort"], one.inputs["toPort"], one.inputs["ipProtocol"]) for one in ways_in] == [
        (1, 65535, "tcp")
    ]
    assert not [one.urn for one in ways_in if "cidrIpv4" in one.inputs or "cidrIpv6" in one.inputs]
    sources = [list(one.request.propertyDependencies["referencedSecurityGroupId"].urns) for one in ways_in]
    assert sources == [[guard]]


def test_every_security_group_and_every_way_says_what_it_is_for(two, public):
    guards = [one for cloud in (two, public) for one in cloud.custom if "ecurityGroup" in one.type]
    assert len(guards) == 15
    assert not [one.urn for one in guards if not one.inputs.get("description")]


def test_no_way_is_opened_but_by_a_resource_of_its_own(two):
    assert not [one.urn for one in two.all("SecurityGroup") if {"ingress", "egress"} & set(one.inputs)]
