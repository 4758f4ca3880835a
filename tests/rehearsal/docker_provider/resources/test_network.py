"""A network: replaced by any change, never deleted from under a container."""

import grpc
import pytest
from docker.api.client import APIClient

from tests.rehearsal.docker_provider.conftest import NETWORK, Make
from tests.rehearsal.provider.engine import refusal

CHANGES = [
    {"name": "other"},
    {"driver": "macvlan"},
    {"internal": True},
    {"attachable": True},
    {"ipv6": True},
    {"labels": [{"label": "a", "value": "b"}]},
    {"options": {"com.docker.network.bridge.name": "br-x"}},
    {"ipamConfigs": [{"subnet": "10.212.9.0/24"}]},
    {"ipamDriver": "other"},
    {"ipamOptions": {"a": "b"}},
]
CLEAN = [
    {},
    {"internal": True, "labels": [{"label": "a", "value": "b"}]},
    {"ipamConfigs": [{"subnet": "10.212.8.0/24", "gateway": "10.212.8.1", "ipRange": "10.212.8.128/25"}]},
    {"options": {"com.docker.network.bridge.enable_icc": "true"}, "attachable": True},
]


@pytest.mark.parametrize("inputs", CLEAN, ids=lambda one: ", ".join(one) or "nothing")
def test_what_was_made_differs_in_nothing(make: Make, inputs: dict) -> None:
    made = make(NETWORK, **inputs)
    assert dict(made.diff().detailedDiff) == {}
    again = made.refresh()
    assert dict(again.diff().detailedDiff) == {}
    assert (again.state["driver"], again.state["scope"], again.state["ipamDriver"]) == ("bridge", "local", "default")
    assert again.state["ipamConfigs"][0]["subnet"]


@pytest.mark.parametrize("changes", CHANGES, ids=", ".join)
def test_every_change_replaces_it_and_the_new_one_comes_first(make: Make, changes: dict) -> None:
    diff = make(NETWORK).diff(**changes)
    assert set(diff.replaces) == set(changes)
    assert not diff.deleteBeforeReplace or "name" not in changes


def test_a_container_on_it_holds_it(make: Make) -> None:
    network = make(NETWORK)
    held = make(networksAdvanced=[{"name": network.state["name"]}])
    with pytest.raises(grpc.RpcError) as caught:
        network.delete()
    assert "timeout while waiting for state to become 'removed' (last state: 'pending'" in refusal(caught)
    held.delete()
    network.delete()
    assert network.refresh().id == ""


def test_one_that_was_removed_by_hand_is_gone(make: Make, client: APIClient) -> None:
    network = make(NETWORK)
    client.remove_network(network.id)
    assert network.refresh().id == ""
    network.delete()


def test_a_taken_name_and_a_taken_subnet_are_the_daemons_own_words(make: Make) -> None:
    held = make(NETWORK, ipamConfigs=[{"subnet": "10.212.6.0/24"}])
    for inputs, words in (
        ({"name": held.state["name"]}, f"network with name {held.state['name']} already exists"),
        ({"ipamConfigs": [{"subnet": "10.212.6.0/24"}]}, "Pool overlaps with other one on this address space"),
    ):
        with pytest.raises(grpc.RpcError) as caught:
            make(NETWORK, **inputs)
        assert f"Unable to create network: Error response from daemon: {words}" in refusal(caught)
