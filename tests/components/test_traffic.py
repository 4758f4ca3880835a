"""Declared traffic."""

import pytest

from components.traffic import Traffic, declare

VERSIONS = ["v1", "v2", "v3", "v4", "v5", "v6"]


@pytest.mark.parametrize(
    ("percent", "shares"),
    [
        ({"v1": 100}, {"v1": 1000}),
        ({"v1": 99.9, "v2": 0.1}, {"v1": 999, "v2": 1}),
        ({"v1": 100, "v2": 0}, {"v1": 1000}),
        (dict.fromkeys(VERSIONS[:5], 20), dict.fromkeys(VERSIONS[:5], 200)),
    ],
)
def test_percentages_become_shares_and_zeros_are_left_out(percent, shares):
    assert declare(percent, VERSIONS) == Traffic(shares)


def test_a_share_on_an_unknown_release_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"^v8, v9 is not in sluice:releases \(v1, v2, v3, v4, v5, v6\); declare the"):
        declare({"v1": 80, "v9": 10, "v8": 10}, VERSIONS)


def test_a_zero_for_an_unknown_release_is_refused_too():
    with pytest.raises(ValueError, match=r"^v9 is not in sluice:releases"):
        declare({"v1": 100, "v9": 0}, VERSIONS)


def test_six_slices_with_a_share_are_refused():
    with pytest.raises(
        ValueError, match=r"^6 slices have a share \(v1, v2, v3, v4, v5, v6\), and one listener rule holds 5"
    ):
        declare({"v1": 50, **dict.fromkeys(VERSIONS[1:], 10)}, VERSIONS)


def test_five_with_a_share_and_standbys_beside_are_taken():
    assert len(declare({**dict.fromkeys(VERSIONS[:5], 20), "v6": 0}, VERSIONS).shares) == 5
