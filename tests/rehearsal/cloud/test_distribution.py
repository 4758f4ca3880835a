"""CloudWatch's statistics."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.cloud.distribution import StatisticError, statistic

SEEN = {0.1: 6, 0.3: 2, 0.5: 1, 2.0: 1}
MANY = st.dictionaries(st.floats(0, 100), st.integers(1, 50), min_size=1)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SampleCount", 10),
        ("Sum", 3.7),
        ("Average", 0.37),
        ("Minimum", 0.1),
        ("Maximum", 2.0),
        ("p50", 0.1),
        ("p60", 0.1),
        ("p60.1", 0.3),
        ("p95.5", 2.0),
        ("p100", 2.0),
        ("PR(:0.3)", 80),
        ("PR(0.3:)", 20),
        ("PR(0.1:0.3)", 20),
        ("PR(2:)", 0),
        ("TC(0.3:)", 2),
        ("TC(:2)", 10),
    ],
)
def test_each_statistic_of_the_same_values(name, expected):
    assert statistic(name)(SEEN) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["", "sum", "Median", "p", "p101", "P50", "PR", "PR()", "PR(:)", "PR(0.3)", "PR(a:)"])
def test_what_is_no_statistic_is_told(name):
    with pytest.raises(StatisticError, match=r"^is not a valid statistic\.$"):
        statistic(name)


@pytest.mark.parametrize("name", ["tm90", "IQM", "TM(10%:90%)", "WM(150:1000)", "TS(80%:)"])
def test_what_cloudwatch_knows_and_the_rehearsal_does_not_is_told(name):
    with pytest.raises(
        StatisticError, match=r"^The rehearsal does not know the statistic .*, which CloudWatch does\.$"
    ):
        statistic(name)


@given(MANY, st.floats(0, 100))
def test_above_and_not_above_are_all(seen, edge):
    assert statistic(f"PR({edge:.10f}:)")(seen) + statistic(f"PR(:{edge:.10f})")(seen) == pytest.approx(100)


@given(MANY)
def test_percentiles_rise(seen):
    found = [statistic(f"p{part}")(seen) for part in range(101)]
    assert found == sorted(found)
    assert (found[0], found[-1]) == (min(seen), max(seen))
