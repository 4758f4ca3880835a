"""Load balancers: protected ones stay, logs that are off are no difference."""

import grpc
import pytest

from tests.rehearsal.aws_provider.world import World
from tests.rehearsal.provider.engine import refusal


def test_a_protected_load_balancer_is_not_deleted_until_it_is_not(world: World) -> None:
    protected = world.put("load balancer", world("load balancer").update(enableDeletionProtection=True))
    with pytest.raises(grpc.RpcError) as caught:
        protected.delete()
    assert "OperationNotPermitted: load balancer" in refusal(caught)
    world.put("load balancer", protected.update(enableDeletionProtection=False))
    world.destroy()


def test_subnets_and_groups_that_a_load_balancer_holds_are_not_deleted(world: World) -> None:
    name = world("load balancer").state["name"]
    for held in ("subnet a", "security group"):
        with pytest.raises(grpc.RpcError) as caught:
            world(held).delete()
        assert f"DependencyViolation: {held.removesuffix(' a')} {world(held).id}" in refusal(caught)
        assert name in refusal(caught)


def test_the_bucket_of_logs_that_are_off_is_kept_as_it_was_written(world: World) -> None:
    off = world.put("load balancer", world("load balancer").update(accessLogs={"bucket": "logs", "enabled": False}))
    assert dict(off.refresh().diff().detailedDiff) == {}
    on = world.put("load balancer", off.update(accessLogs={"bucket": world("bucket").id, "enabled": True}))
    assert dict(on.refresh().diff().detailedDiff) == {}
    assert list(on.diff(accessLogs={"bucket": "other", "enabled": True}).diffs) == ["accessLogs"]
