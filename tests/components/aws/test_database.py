"""The database on AWS: protected, encrypted, backed up; instances get the name of its secret, and nothing more."""

import json

import pytest

from components.aws import database
from components.aws.user_data import variables
from components.release import Release
from tests.recording import DATABASE_SECRET

TOLD = database.told("db.example.com", 5432, DATABASE_SECRET)


@pytest.fixture
def made(two):
    """What was asked of RDS."""
    return two.one("rds/instance:Instance").inputs


def test_it_outlives_everything_and_leaves_a_snapshot(two, made):
    one = two.one("rds/instance:Instance").request
    assert (one.protect, one.retainOnDelete) == (True, True)
    assert (made["deletionProtection"], made["skipFinalSnapshot"], made["deleteAutomatedBackups"]) == (
        True,
        False,
        False,
    )
    assert made["finalSnapshotIdentifier"] == "shop-postgres-final"
    assert (made["backupRetentionPeriod"], made["copyTagsToSnapshot"], made["multiAz"]) == (7, True, True)


def test_it_is_encrypted_and_nobody_knows_its_password(made):
    assert (made["storageEncrypted"], made["manageMasterUserPassword"]) == (True, True)
    assert [name for name in made if name.lower().startswith("password")] == []


def test_only_the_machines_reach_it(two, made):
    around, machines = two.one("SecurityGroup", "shop-postgres"), two.one("SecurityGroup", "shop-machine")
    rule = two.one("SecurityGroupIngressRule", "shop-postgres-in")
    assert made["publiclyAccessible"] is False
    asked = two.one("rds/instance:Instance").request.propertyDependencies
    assert list(asked["vpcSecurityGroupIds"].urns) == [around.urn]
    assert (rule.inputs["ipProtocol"], rule.inputs["fromPort"], rule.inputs["toPort"]) == ("tcp", 5432, 5432)
    assert "cidrIpv4" not in rule.inputs
    between = [
        list(rule.request.propertyDependencies[one].urns) for one in ("securityGroupId", "referencedSecurityGroupId")
    ]
    assert between == [[around.urn], [machines.urn]]


def test_it_lies_in_the_instances_own_subnets(two):
    subnets = two.one("rds/subnetGroup:SubnetGroup").request.propertyDependencies["subnetIds"].urns
    assert {urn.rpartition("::")[2] for urn in subnets} == {"shop-private-0", "shop-private-1"}


def test_the_machines_may_read_its_secret(two):
    policy = json.loads(two.one("RolePolicy").inputs["policy"])
    (read,) = [one for one in policy["Statement"] if one["Action"] == ["secretsmanager:GetSecretValue"]]
    assert DATABASE_SECRET in read["Resource"]


def test_an_instance_is_told_where_it_is_and_of_the_password_only_whose_secret_holds_it():
    release = Release(version="v1", ami="ami-1", env={"PGDATABASE": "other"})
    told = variables(release, "our-bucket", TOLD)
    assert (told["PGHOST"], told["PGPORT"], told["PGUSER"]) == ("db.example.com", "5432", "app")
    assert told["SLUICE_DATABASE_SECRET"] == DATABASE_SECRET
    assert told["PGDATABASE"] == "other"  # a release that names another keeps it
    assert set(variables(release, "b")) & set(TOLD) == {"PGDATABASE"}
