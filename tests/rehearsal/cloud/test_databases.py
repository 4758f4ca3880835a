"""A real Postgres stands behind each RDS instance, for as long as there is one."""

import json
import os
import socket
import subprocess

import boto3
import pytest

from rehearsal.cloud import state
from rehearsal.cloud.postgres import tree
from tests.patience import PATIENCE, eventually

PSQL = tree() / "bin" / "psql"


@pytest.fixture(scope="module")
def clients(home):
    """RDS and Secrets Manager of the cloud."""
    running = state.running(home)
    assert running
    keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
    session = boto3.Session(region_name="us-east-1", **keys)
    return [session.client(name, endpoint_url=running.endpoint) for name in ("rds", "secretsmanager")]


def described(rds, name):
    (one,) = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    return one


def made(rds, name):
    """A database that answers."""
    rds.create_db_instance(
        DBInstanceIdentifier=name,
        Engine="postgres",
        EngineVersion="17",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        DBName="app",
        MasterUsername="app",
        ManageMasterUserPassword=True,
    )
    eventually(lambda: described(rds, name)["DBInstanceStatus"] == "available", "it is available")
    return described(rds, name)


def asked(one, password, query):
    """What `psql` answers; None when it is not let in."""
    at = one["Endpoint"]
    command = [PSQL, "-h", at["Address"], "-p", str(at["Port"]), "-U", "app", "-Atc", query, "app"]
    environment = {**os.environ, "PGPASSWORD": password}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def test_it_answers_whoever_has_the_secret_until_it_is_deleted(clients):
    rds, secrets = clients
    one = made(rds, "shop-1")
    held = json.loads(secrets.get_secret_value(SecretId=one["MasterUserSecret"]["SecretArn"])["SecretString"])
    assert held["username"] == "app"
    assert asked(one, held["password"], "SELECT current_user || ' of ' || current_database()") == "app of app"
    assert asked(one, "another", "SELECT 1") is None
    rds.delete_db_instance(DBInstanceIdentifier="shop-1", SkipFinalSnapshot=True)
    eventually(lambda: _is_silent(one["Endpoint"]["Port"]), "nobody listens there")


def _is_silent(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_two_differ_in_all_that_names_them(clients):
    rds, _ = clients
    one, other = (made(rds, name) for name in ("shop-2", "shop-3"))
    assert one["DbiResourceId"] != other["DbiResourceId"]
    assert one["MasterUserSecret"]["SecretArn"] != other["MasterUserSecret"]["SecretArn"]
    assert one["Endpoint"] != other["Endpoint"]
    assert one["EngineVersion"].startswith("17.")


def test_one_that_was_killed_comes_back_with_its_data(clients, home):
    rds, secrets = clients
    one = described(rds, "shop-2")
    password = json.loads(secrets.get_secret_value(SecretId=one["MasterUserSecret"]["SecretArn"])["SecretString"])[
        "password"
    ]
    assert asked(one, password, "CREATE TABLE kept AS SELECT 7 AS number") == "SELECT 1"
    pid = int((home / "databases" / "shop-2" / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, 9)
    eventually(lambda: asked(one, password, "SELECT number FROM kept") == "7", "it is back")


def test_a_subnet_group_that_was_changed_is_still_there(clients, user):
    rds, _ = clients
    rds.create_db_subnet_group(DBSubnetGroupName="g", DBSubnetGroupDescription="a", SubnetIds=user.subnets)
    rds.modify_db_subnet_group(DBSubnetGroupName="g", DBSubnetGroupDescription="b", SubnetIds=user.subnets)
    (group,) = rds.describe_db_subnet_groups(DBSubnetGroupName="g")["DBSubnetGroups"]
    assert group["DBSubnetGroupDescription"] == "b"
