"""Traffic arithmetic: percentages in, tenths inside, weights out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.shares import HEAVIEST, MOST, WHOLE, from_weights, parse, percent, text, weights

VERSIONS = [f"v{number}" for number in range(1, MOST + 1)]


@st.composite
def all_shares(draw: st.DrawFn) -> dict[str, int]:
    cuts = sorted(draw(st.lists(st.integers(0, WHOLE), max_size=MOST - 1)))
    tenths = [high - low for low, high in zip([0, *cuts], [*cuts, WHOLE], strict=True)]
    return {version: share for version, share in zip(VERSIONS, tenths, strict=False) if share}


@given(all_shares())
def test_percentages_survive_the_way_in_and_out(shares):
    assert parse(percent(shares)) == shares


@given(all_shares())
def test_weights_mean_the_shares_they_came_from_and_fit_an_alb(shares):
    live = weights(shares)
    assert all(1 <= weight <= HEAVIEST for weight in live.values())
    assert from_weights(live) == shares


@given(
    st.dictionaries(st.sampled_from(VERSIONS), st.integers(0, HEAVIEST), min_size=1).filter(lambda w: any(w.values()))
)
def test_no_weight_above_zero_is_ever_read_as_no_share(live):
    assert {v for v, share in from_weights(live).items() if share} == {v for v, weight in live.items() if weight}


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        ({"v1": 99}, "shares sum to 99, not 100"),
        ({}, "shares sum to 0, not 100"),
        ({"v1": 101}, "from 0 to 100"),
        ({"v1": -1, "v2": 101}, "the share of v1 is -1"),
        ({"v1": 0.05, "v2": 99.95}, "at most one decimal"),
        ({"v1": float("nan")}, "from 0 to 100"),
        ({"v1": "many"}, "not a number"),
        ({"v1": True}, "not a number"),
        ({"v1": None}, "not a number"),
    ],
)
def test_a_wrong_share_is_refused_with_the_reason(declared, reason):
    with pytest.raises(ValueError, match=reason):
        parse(declared)


def test_floats_from_a_hook_mean_what_the_integers_did():
    assert parse({"v1": 87.5, "v2": 12.5, "v3": 0.0}) == {"v1": 875, "v2": 125}


def test_a_person_reads_percentages():
    assert text({"v2": 5, "v1": 995}) == "v1 99.5 · v2 0.5"
    assert text({}) == "nobody"
