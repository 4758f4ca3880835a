"""Versions in the order that their names tell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.versions import in_order


@pytest.mark.parametrize(
    "order",
    [
        ["v9", "v10", "v11"],
        ["1.9.2", "1.10.0", "2.0.0-rc1", "2.0.0-rc10"],
        ["2026-11-09", "2026-11-10"],
        ["9", "10", "main-2", "main-10"],
        ["main", "main-1", "v1", "v1a"],
    ],
)
def test_numbers_count_as_numbers(order):
    assert in_order(sorted(order)) == order


@given(st.lists(st.text("0123456789ab.-_", min_size=1)))
def test_any_versions_have_an_order_and_none_is_lost(versions):
    ordered = in_order(versions)
    assert sorted(ordered) == sorted(versions)
    assert in_order(reversed(ordered)) == ordered
