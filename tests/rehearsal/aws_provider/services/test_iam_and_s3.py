"""Roles that are still used, buckets that are not empty, versioning that cannot be undone."""

import json
from collections.abc import Iterator

import grpc
import pytest

from tests.rehearsal.aws_provider.world import READ, World
from tests.rehearsal.provider.engine import refusal


@pytest.fixture(autouse=True)
def tidy(world: World) -> Iterator[None]:
    yield
    world.destroy()


def test_a_role_with_a_policy_is_not_deleted(world: World) -> None:
    world("role policy")
    with pytest.raises(grpc.RpcError) as caught:
        world("role").delete()
    assert "DeleteRole: DeleteConflict" in refusal(caught)


def test_a_role_may_be_told_to_let_go_of_its_policies(world: World) -> None:
    role = world.put("role", world("role").update(forceDetachPolicies=True))
    world("role policy")
    world("attachment")
    role.delete()
    assert role.refresh().id == ""


def test_a_policy_that_another_hand_changed_is_drift_and_one_spelled_anew_is_not(world: World) -> None:
    policy = world("role policy")
    iam = world.client("iam")
    name = {"RoleName": policy.state["role"], "PolicyName": policy.state["name"]}
    iam.put_role_policy(**name, PolicyDocument=json.dumps(READ, indent=4, sort_keys=True))
    assert policy.refresh().state == policy.state
    iam.put_role_policy(**name, PolicyDocument=json.dumps({**READ, "Id": "theirs"}))
    assert list(policy.refresh().diff().diffs) == ["policy"]


def test_a_bucket_that_is_not_empty_is_deleted_only_by_force(world: World) -> None:
    bucket = world.put("bucket", world("bucket").update(forceDestroy=False))
    world("versioning")
    world.client("s3").put_object(Bucket=bucket.id, Key="a", Body=b"1")
    world.client("s3").put_object(Bucket=bucket.id, Key="a", Body=b"2")
    with pytest.raises(grpc.RpcError) as caught:
        bucket.delete()
    assert "DeleteBucket: BucketNotEmpty" in refusal(caught)
    world.put("bucket", bucket.update(forceDestroy=True))


def test_versioning_never_goes_back_to_disabled_and_its_end_suspends_it(world: World) -> None:
    versioning = world("versioning")
    with pytest.raises(grpc.RpcError) as caught:
        versioning.update(versioningConfiguration={"status": "Disabled"})
    assert "cannot be updated from Enabled or Suspended to Disabled" in refusal(caught)
    versioning.delete()
    assert world.client("s3").get_bucket_versioning(Bucket=world("bucket").id)["Status"] == "Suspended"
