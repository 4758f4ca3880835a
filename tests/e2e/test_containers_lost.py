"""What someone took away by hand on Docker comes back with the next `up`, with the weights as they were declared."""

import pytest

from tests.e2e.conftest import ok
from tests.e2e.dock import ROUTER
from tests.e2e.refusals import answers
from tests.patience import eventually

pytestmark = pytest.mark.usefixtures("unmoved")

NETWORK = "shop-slices"


def test_a_network_that_was_removed_by_hand_is_made_again_with_everyone_on_it(dock):
    network = dock.client.networks.get(NETWORK)
    born = [one.attrs["State"]["StartedAt"] for one in dock.containers("v1")]
    for container in network.attrs["Containers"]:
        network.disconnect(container, force=True)
    network.remove()
    text = ok(dock.up())
    assert "Traceback" not in text
    eventually(lambda: answers(dock) == (200, "v1"), "it serves again")
    assert [one.attrs["State"]["StartedAt"] for one in dock.containers("v1")] == born
    ok(dock.up("--expect-no-changes"))


def test_a_network_that_was_removed_under_stopped_containers_is_made_again(dock):
    for container in [*dock.containers("v1"), dock.client.containers.get(ROUTER)]:
        container.stop(timeout=5)
    dock.client.networks.get(NETWORK).remove()
    ok(dock.up())
    eventually(lambda: answers(dock) == (200, "v1"), "it serves again")
    ok(dock.up("--expect-no-changes"))


def test_a_router_that_was_removed_by_hand_is_made_again_with_its_weights(dock):
    dock.client.containers.get(ROUTER).remove(force=True)
    ok(dock.up())
    eventually(lambda: answers(dock) == (200, "v1"), "it serves again")
    ok(dock.up("--expect-no-changes"))
