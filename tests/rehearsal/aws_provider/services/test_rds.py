"""Databases as the real provider makes, changes and refuses them."""

import grpc
import pytest

from tests.rehearsal.provider.engine import refusal


def test_a_database_is_known_by_its_resource_id_and_its_password_by_a_secret(world):
    state = world("database").state
    assert world("database").id == state["resourceId"] != state["identifier"]
    assert state["endpoint"] == f"{state['address']}:{state['port']}"
    (secret,) = state["masterUserSecrets"]
    assert ":secretsmanager:" in secret["secretArn"]
    assert "password" not in state


def test_a_protected_one_is_not_deleted(world):
    made = world.put("database", world("database").update(deletionProtection=True))
    with pytest.raises(grpc.RpcError) as caught:
        made.delete()
    assert "Cannot delete protected DB Instance" in refusal(caught)
    world.put("database", made.update(deletionProtection=False))


def test_without_the_name_of_a_last_snapshot_in_the_state_it_is_not_deleted(world):
    made = world.put("database", world("database").update(skipFinalSnapshot=False))
    with pytest.raises(grpc.RpcError) as caught:
        made.delete()
    assert "final_snapshot_identifier is required when skip_final_snapshot is false" in refusal(caught)
    world.put("database", made.update(finalSnapshotIdentifier="shop-final"))
    world.drop("database")
    (kept,) = world.client("rds").describe_db_snapshots(DBSnapshotIdentifier="shop-final")["DBSnapshots"]
    assert kept["DBInstanceIdentifier"] == "shop-1"


def test_a_subnet_group_covers_two_zones_and_stays_while_it_is_used(world):
    world("database")
    with pytest.raises(grpc.RpcError) as caught:
        world.engine.made("aws:rds/subnetGroup:SubnetGroup", subnetIds=[world("subnet a").id])
    assert "DBSubnetGroupDoesNotCoverEnoughAZs" in refusal(caught)
    with pytest.raises(grpc.RpcError) as caught:
        world("subnet group").delete()
    assert "shop-1 is still using it" in refusal(caught)


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"password": "secret", "manageMasterUserPassword": True}, "conflicts with manageMasterUserPassword"),
        ({"backupRetentionPeriod": 36}, "must be from 0 to 35"),
        ({"identifier": "Shop--1"}, "begin with a letter"),
        ({"finalSnapshotIdentifier": "shop-"}, "begin with a letter"),
    ],
)
def test_what_is_no_database_is_refused_before_anything_is_made(world, inputs, said):
    given = {"instanceClass": "db.t4g.micro", "engine": "postgres", **inputs}
    _, failures = world.engine.check("aws:rds/instance:Instance", given)
    assert said in str(failures)
