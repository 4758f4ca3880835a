"""A volume: replaced by any change, held by whoever mounts it."""

import grpc
import pytest
from docker.api.client import APIClient

from tests.rehearsal.docker_provider.conftest import VOLUME, Make
from tests.rehearsal.provider.engine import refusal

OPTIONS = {"type": "tmpfs", "device": "tmpfs", "o": "size=1m"}


@pytest.mark.parametrize(
    "inputs", [{}, {"driver": "local", "driverOpts": OPTIONS}, {"labels": [{"label": "a", "value": "b"}]}]
)
def test_what_was_made_differs_in_nothing(make: Make, inputs: dict) -> None:
    made = make(VOLUME, **inputs)
    assert (made.id, made.state["driver"]) == (made.state["name"], "local")
    assert made.state["mountpoint"].endswith(f"/{made.id}/_data")
    again = made.refresh()
    assert dict(again.diff().detailedDiff) == {}


@pytest.mark.parametrize(
    "changes",
    [{"name": "other"}, {"driver": "other"}, {"driverOpts": OPTIONS}, {"labels": [{"label": "a", "value": "b"}]}],
)
def test_every_change_replaces_it(make: Make, changes: dict) -> None:
    assert set(make(VOLUME).diff(**changes).replaces) == set(changes)


def test_a_container_that_mounts_it_holds_it(make: Make) -> None:
    volume = make(VOLUME)
    holder = make(mounts=[{"type": "volume", "source": volume.id, "target": "/data"}])
    with pytest.raises(grpc.RpcError) as caught:
        volume.delete()
    assert "timeout while waiting for state to become 'removed' (last state: 'in_use'" in refusal(caught)
    holder.delete()
    volume.delete()
    assert volume.refresh().id == ""


def test_one_that_was_removed_by_hand_is_gone(make: Make, client: APIClient) -> None:
    volume = make(VOLUME)
    client.remove_volume(volume.id)
    assert volume.refresh().id == ""
    volume.delete()
