"""Slices behind a listener, without instances."""

import pytest

from rollout.shares import MOST
from tests.world import Shop


@pytest.fixture
def groups(shop: Shop) -> Shop:
    """Target groups of five versions, without fleets."""
    for number in range(1, MOST + 1):
        shop.groups[f"v{number}"] = shop.group(f"v{number}")
    return shop
