"""The token bucket."""

from hypothesis import given
from hypothesis import strategies as st

from rehearsal.cloud.bucket import Bucket


def taken(bucket, times):
    """At which of *times* there was a token, each taken."""
    found = []
    for now in times:
        if bucket.has_one(now):
            bucket.take()
            found.append(now)
    return found


def test_a_burst_then_the_rate():
    bucket = Bucket(2, 3, 100.0)
    assert taken(bucket, [100.0] * 5) == [100.0] * 3
    assert taken(bucket, [100.4, 100.5, 100.6, 101.0, 101.1]) == [100.5, 101.0]


def test_it_gains_no_more_than_it_holds():
    bucket = Bucket(10, 2, 0.0)
    assert taken(bucket, [3600.0] * 5) == [3600.0] * 2


def test_one_of_nothing_never_has_any():
    assert taken(Bucket(0, 0, 0.0), [0.0, 1.0, 3600.0]) == []


@given(st.floats(0, 50), st.integers(0, 50), st.lists(st.floats(0, 100), max_size=200))
def test_in_no_time_more_than_the_burst_and_what_was_gained(rate, burst, times):
    found = taken(Bucket(rate, burst, 0.0), sorted(times))
    assert len(found) <= burst + rate * (found[-1] if found else 0) + 1e-6
